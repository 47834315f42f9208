import { describe, expect, test } from 'vitest'
import { architectureOf } from '../../../workers/model/architectures/registry.ts'
import { readModelParts } from '../../../workers/model/load.ts'
import { fromFloat32, writeSafetensors } from '../../../workers/model/safetensors.ts'
import { tensorAliases } from '../../../workers/model/tensorAliases.ts'
import type { Blueprint } from '../../../workers/model/transformer/blueprint.ts'
import { TransformerModel } from '../../../workers/model/transformer/model.ts'
import { parameterSlots } from '../../../workers/model/transformer/parameters.ts'
import { errorOf, readBytes } from './support.ts'

/** HF's `LlamaConfig()`. */
const LLAMA = {
  num_hidden_layers: 2,
  hidden_size: 4_096,
  intermediate_size: 11_008,
  num_attention_heads: 32,
  vocab_size: 32_000,
  max_position_embeddings: 2_048,
}
const QWEN2 = { ...LLAMA, num_key_value_heads: 4 }
const BERT = { ...LLAMA, max_position_embeddings: 514 }

/** Frequencies of some pairs, as HF's own tests have them (tests/utils/test_modeling_rope_utils.py). */
const PAIRS = [0, 16, 17, 28, 31, 40, 41, 63]
const PLAIN = [1, 1e-1, 8.6596e-2, 1.7783e-2, 1.1548e-2, 3.1623e-3, 2.7384e-3, 1.1548e-4]
const YARN = [1, 1e-1, 8.3479e-2, 1.0101e-2, 5.312e-3, 4.3007e-4, 2.7384e-4, 1.1548e-5]
const LLAMA3 = [1, 1e-1, 8.6596e-2, 1.7783e-2, 1.073e-2, 3.4539e-4, 2.7384e-4, 1.1548e-5]
const LLAMA3_SCALING = {
  rope_type: 'llama3',
  factor: 10,
  original_max_position_embeddings: 2_048,
  low_freq_factor: 1,
  high_freq_factor: 4,
}

const scaled = (rope_scaling: object | undefined): Blueprint =>
  architectureOf('llama').blueprint({ ...LLAMA, rope_scaling })

const yarnScale = (scaling: object) => scaled({ rope_type: 'yarn', factor: 10, ...scaling }).rope?.scale

const lengthOf = (type: string, config: object) => architectureOf(type).blueprint(config).contextLength

const llamaNames = (tied: boolean) =>
  parameterSlots(architectureOf('llama').blueprint({ ...LLAMA, tie_word_embeddings: tied })).map(({ name }) => name)

describe('rotary positions', () => {
  test.each([
    ['none', undefined, PLAIN],
    ['dynamic', { rope_type: 'dynamic', factor: 10 }, PLAIN],
    ['linear', { rope_type: 'linear', factor: 10 }, PLAIN.map((frequency) => frequency / 10)],
    ['linear by its older name', { type: 'linear', factor: 10 }, PLAIN.map((frequency) => frequency / 10)],
    ['llama3', LLAMA3_SCALING, LLAMA3],
    ['yarn', { rope_type: 'yarn', factor: 10 }, YARN],
  ])('are scaled as Hugging Face scales them: %s', (_, scaling, expected) => {
    const { rope } = scaled(scaling)
    for (const [at, pair] of PAIRS.entries()) {
      expect((rope?.frequencies[pair] ?? Number.NaN) / (expected[at] ?? 0)).toBeCloseTo(1, 4)
    }
  })

  test('of yarn are lengthened by its attention factor', () => {
    expect(yarnScale({})).toBeCloseTo(0.1 * Math.log(10) + 1, 12)
    expect(yarnScale({ attention_factor: 0.5 })).toBe(0.5)
  })

  test('stand in one place in newer files', () => {
    const { rope } = architectureOf('llama').blueprint({
      ...LLAMA,
      rope_parameters: { rope_type: 'default', rope_theta: 500_000 },
    })
    expect(rope?.frequencies[63]).toBeCloseTo(500_000 ** (-126 / 128), 12)
  })

  test('of a kind that we do not know are refused, and so is a scaling without its numbers', () => {
    expect(errorOf('model-unknown', () => scaled({ rope_type: 'longrope' })).message).toContain('"longrope"')
    expect(errorOf('model-unknown', () => scaled({ ...LLAMA3_SCALING, low_freq_factor: undefined })).message).toContain(
      'rope_scaling.low_freq_factor',
    )
  })
})

describe('a configuration', () => {
  test('of an unknown architecture is refused by its name, with those that are known', () => {
    const { message } = errorOf('model-unknown', () => architectureOf('mamba'))
    expect(message).toContain('"mamba" is not supported; supported: gpt2, llama, qwen2, roberta, bert')
  })

  test.each([
    ['llama', { ...LLAMA, hidden_act: 'gelu' }, 'hidden_act "gelu"'],
    ['llama', { ...LLAMA, num_key_value_heads: 5 }, 'num_key_value_heads 5'],
    ['llama', { ...LLAMA, hidden_size: 'wide' }, 'hidden_size'],
    ['bert', { ...BERT, position_embedding_type: 'relative_key' }, 'position_embedding_type "relative_key"'],
    ['roberta', { ...BERT, is_decoder: true }, 'is_decoder true'],
    ['bert', { ...BERT, hidden_act: 'relu' }, 'hidden_act "relu"'],
  ])('of a %s that we cannot reproduce is refused, naming what it is', (type, config, what) => {
    expect(errorOf('model-unknown', () => architectureOf(type).blueprint(config)).message).toContain(what)
  })

  test('says how long a text may be', () => {
    // Positions count from the row behind the padding's.
    expect(lengthOf('roberta', { ...BERT, pad_token_id: 1 })).toBe(512)
    expect(lengthOf('bert', BERT)).toBe(514)
    expect(lengthOf('qwen2', { ...QWEN2, use_sliding_window: true, sliding_window: 1_024 })).toBe(1_024)
    expect(lengthOf('qwen2', { ...QWEN2, use_sliding_window: false, sliding_window: 1_024 })).toBe(2_048)
  })
})

describe('tensors', () => {
  test('have older names, with gamma and beta, and without the prefix', () => {
    expect(tensorAliases('bert.embeddings.LayerNorm.weight', 'bert.')).toEqual([
      'bert.embeddings.LayerNorm.weight',
      'bert.embeddings.LayerNorm.gamma',
      'embeddings.LayerNorm.weight',
      'embeddings.LayerNorm.gamma',
    ])
    expect(tensorAliases('lm_head.weight', 'model.')).toEqual(['lm_head.weight'])
  })

  test('stand once in the vector of parameters, the embeddings last', () => {
    expect(llamaNames(true).slice(-1)).toEqual(['model.embed_tokens.weight'])
    expect(llamaNames(false).slice(-2)).toEqual(['model.embed_tokens.weight', 'lm_head.weight'])
    expect(new Set(llamaNames(true)).size).toBe(llamaNames(true).length)
  })

  test('that are missing or of another shape are named', () => {
    const golden = new URL('../../golden/parity/llama/config.json', import.meta.url).pathname
    const files = (shape: readonly number[]) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
      const tensors = new Map([['model.embed_tokens.weight', fromFloat32(values, shape, 'F32')]])
      return [
        { name: 'config.json', bytes: readBytes(golden) },
        { name: 'model.safetensors', bytes: writeSafetensors(tensors) },
      ]
    }
    const load = (shape: readonly number[]) => () => {
      const { blueprint, source } = readModelParts(files(shape))
      return new TransformerModel(blueprint, source)
    }
    expect(errorOf('model-tensor', load([128, 32])).message).toMatch(/^model\.layers\.0\.\S+ is missing/)
    expect(errorOf('model-tensor', load([128, 16])).message).toContain(
      'model.embed_tokens.weight has shape [128, 16], config.json says [128, 32]',
    )
  })
})
