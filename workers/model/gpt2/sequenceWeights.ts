/** The tensors of a model whose parameters stand in one flat vector. */
import { tensor1d } from '@tensorflow/tfjs-core'
import type { LayerNorm } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { createLinear, transposed, type Linear } from '../../runtime/kernels/linear/linear.ts'
import type { Gpt2Config } from './config.ts'
import { TOKEN_EMBEDDINGS, type ParameterSlot } from './parameters.ts'

export type SequenceBlock = {
  readonly norm1: LayerNorm
  readonly qkv: Linear
  readonly out: Linear
  readonly norm2: LayerNorm
  readonly up: Linear
  readonly down: Linear
}

export type SequenceWeights = {
  /** Views on the vector: lookups are by row, on the CPU. */
  readonly tokens: Float32Array
  readonly positions: Float32Array
  readonly blocks: readonly SequenceBlock[]
  readonly finalNorm: LayerNorm
  /** From hidden states to logits, `[d, V]`. */
  readonly head: Linear
}

/** `head` is that of a model with the same token embeddings, where there is one. */
export function sequenceWeights(
  config: Gpt2Config,
  { slots, values }: { readonly slots: readonly ParameterSlot[]; readonly values: Float32Array },
  head: Linear | null,
): SequenceWeights {
  const byName = new Map(slots.map((slot) => [slot.name, slot]))
  const slotOf = (name: string): ParameterSlot => {
    const slot = byName.get(name)
    if (!slot) throw new Error(`sequenceWeights: no parameter ${name}`)
    return slot
  }
  const part = (name: string): Float32Array => {
    const { offset, size } = slotOf(name)
    return values.subarray(offset, offset + size)
  }
  const norm = (name: string): LayerNorm => ({
    gain: tensor1d(part(`${name}.weight`)),
    bias: tensor1d(part(`${name}.bias`)),
    eps: config.eps,
  })
  const map = (name: string): Linear => {
    const [rows = 0, columns = 0] = slotOf(`${name}.weight`).shape
    return createLinear({
      weight: part(`${name}.weight`),
      shape: [rows, columns],
      bias: part(`${name}.bias`),
      format: 'f32',
    })
  }
  const block = (at: string): SequenceBlock => ({
    norm1: norm(`${at}.ln_1`),
    qkv: map(`${at}.attn.c_attn`),
    out: map(`${at}.attn.c_proj`),
    norm2: norm(`${at}.ln_2`),
    up: map(`${at}.mlp.c_fc`),
    down: map(`${at}.mlp.c_proj`),
  })
  const tokens = part(TOKEN_EMBEDDINGS)
  return {
    tokens,
    positions: part('wpe.weight'),
    blocks: Array.from({ length: config.layers }, (_, layer) => block(`h.${layer}`)),
    finalNorm: norm('ln_f'),
    head: head ?? createHead(config, tokens),
  }
}

function createHead({ vocabulary, width }: Gpt2Config, tokens: Float32Array): Linear {
  const weight = transposed(tokens, vocabulary, width)
  return createLinear({ weight, shape: [width, vocabulary], bias: null, format: 'f32' })
}
