import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSafetensors, writeSafetensors, type TensorView } from '../../../workers/model/safetensors.ts'
import { readPeft, writePeft, type PeftFiles } from '../../../workers/prompt/peft.ts'
import { requireFits, type SoftPrompt } from '../../../workers/prompt/softPrompt.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import { errorOf, toBytes } from '../model/support.ts'

const WORDS = {
  baseModel: 'demo-student',
  tokenizer: 'demo-student',
  initText: 'What is it about?',
  layers: 2,
  heads: 4,
}

function makePrompt(length: number, width: number, value: (index: number) => number = Math.sin): SoftPrompt {
  return { values: Float32Array.from({ length: length * width }, (_, index) => value(index)), length, width }
}

const prompt = makePrompt(3, 4)
const good = writePeft(prompt, WORDS)
const read = (files: Partial<PeftFiles>) => readPeft(files.config ?? good.config, files.weights ?? good.weights)
const withConfig = (change: object) => {
  const config: object = JSON.parse(new TextDecoder().decode(good.config))
  return { config: toBytes(JSON.stringify({ ...config, ...change })) }
}
const withTensor = (view: TensorView, name = 'prompt_embeddings') => ({
  weights: writeSafetensors(new Map([[name, view]])),
})
const floats = (shape: readonly number[], ...values: number[]): TensorView => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
})

describe('a prompt as a PEFT folder', () => {
  test('comes back bit for bit', () => {
    const bounded = fc.float({ noNaN: true, min: -100, max: 100 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(bounded),
        (length, width, stream) => {
          const values = Float32Array.from(stream.take(length * width))
          const files = writePeft({ values, length, width }, WORDS)
          expect(readPeft(files.config, files.weights)).toEqual({ values, length, width })
        },
      ),
    )
  })

  test('is what PEFT writes: one tensor, its metadata, and the fields of its configuration', () => {
    const { tensors, metadata } = readSafetensors(good.weights)
    expect([...tensors.keys()]).toEqual(['prompt_embeddings'])
    expect(tensors.get('prompt_embeddings')).toMatchObject({ dtype: 'F32', shape: [3, 4] })
    expect(metadata).toEqual({ format: 'pt' })
    // The fields of PEFT's PromptTuningConfig and its bases but tokenizer_kwargs, which older releases lack.
    expect(JSON.parse(new TextDecoder().decode(good.config))).toEqual({
      auto_mapping: null,
      base_model_name_or_path: 'demo-student',
      inference_mode: true,
      num_attention_heads: 4,
      num_layers: 2,
      num_transformer_submodules: 1,
      num_virtual_tokens: 3,
      peft_type: 'PROMPT_TUNING',
      prompt_tuning_init: 'TEXT',
      prompt_tuning_init_text: 'What is it about?',
      revision: null,
      task_type: 'CAUSAL_LM',
      token_dim: 4,
      tokenizer_name_or_path: 'demo-student',
    })
  })

  test('without a tokenizer does not claim to start from text, which PEFT would refuse', () => {
    const files = writePeft(prompt, { baseModel: 'm', initText: 'What?' })
    const config: unknown = JSON.parse(new TextDecoder().decode(files.config))
    expect(config).toMatchObject({
      prompt_tuning_init: 'RANDOM',
      prompt_tuning_init_text: 'What?',
      tokenizer_name_or_path: null,
    })
  })

  test('is written from a view into a larger memory', () => {
    const memory = Float32Array.of(9, 1, 2, 9)
    const files = writePeft({ values: memory.subarray(1, 3), length: 1, width: 2 }, WORDS)
    expect([...readPeft(files.config, files.weights).values]).toEqual([1, 2])
  })

  test('may be in half precision', () => {
    const half: TensorView = {
      dtype: 'F16',
      shape: [1, 2],
      bytes: new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer),
    }
    expect([...read({ ...withTensor(half), ...withConfig({ num_virtual_tokens: 1, token_dim: 2 }) }).values]).toEqual([
      1, -2,
    ])
  })
})

describe('a hostile prompt is refused', () => {
  test.each<[what: string, files: Partial<PeftFiles>]>([
    ['configuration of another method', withConfig({ peft_type: 'LORA' })],
    ['configuration of another length', withConfig({ num_virtual_tokens: 4 })],
    ['configuration of another width', withConfig({ token_dim: 5 })],
    ['two submodules', withConfig({ num_transformer_submodules: 2 })],
    ['configuration that is no JSON', { config: toBytes('{') }],
    ['configuration too large', { config: new Uint8Array(100_000) }],
    ['another tensor', withTensor(floats([1, 1], 1), 'weights')],
    ['three axes', withTensor(floats([1, 3, 4], ...Array<number>(12).fill(0)))],
    ['no rows', withTensor(floats([0, 4]))],
    ['integers', withTensor({ dtype: 'I32', shape: [3, 4], bytes: new Uint8Array(48) })],
    ['NaN', withTensor(floats([3, 4], ...Array<number>(11).fill(0), Number.NaN))],
    ['infinity', withTensor(floats([3, 4], Number.NEGATIVE_INFINITY, ...Array<number>(11).fill(0)))],
    ['a row far too large', withTensor(floats([3, 4], ...Array<number>(8).fill(0), 1e4, 1e4, 1e4, 1e4))],
  ])('%s', (_, files) => {
    errorOf('prompt-invalid', () => read(files))
  })

  test('beyond the limits that were asked for', () => {
    const limits = { rows: 2, width: 4, rowRms: 100 }
    errorOf('prompt-invalid', () => readPeft(good.config, good.weights, limits))
    errorOf('prompt-invalid', () => readPeft(good.config, new Uint8Array(70_000), limits))
  })

  test('cut short', () => {
    errorOf('safetensors', () => read({ weights: good.weights.slice(0, -1) }))
  })

  test('whatever bytes are changed: only a sound prompt comes out', () => {
    const change = fc.tuple(fc.nat(good.weights.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const weights = good.weights.slice()
        for (const [at, byte] of changes) weights[at] = byte
        try {
          const { values, length, width } = read({ weights })
          expect([length, width, values.length]).toEqual([3, 4, 12])
          expect(values.every(Number.isFinite)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(SoftpostError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('nor is one written', () => {
    errorOf('prompt-invalid', () =>
      writePeft(
        makePrompt(1, 2, () => Number.NaN),
        WORDS,
      ),
    )
    errorOf('prompt-invalid', () => writePeft({ ...prompt, length: 4 }, WORDS))
  })
})

describe('requireFits', () => {
  const model = { id: 'demo-student', width: 4, contextLength: 8 }

  test('takes a prompt of the model', () => {
    expect(() => requireFits(prompt, model)).not.toThrow()
  })

  test('refuses one of another width, naming both', () => {
    const { message } = errorOf('prompt-mismatch', () => requireFits(makePrompt(3, 5), model))
    expect(message).toMatch(/width 5.*demo-student has 4/)
  })

  test('refuses one that leaves no room for text', () => {
    expect(() => requireFits(makePrompt(7, 4), model)).not.toThrow()
    errorOf('prompt-mismatch', () => requireFits(makePrompt(8, 4), model))
  })
})
