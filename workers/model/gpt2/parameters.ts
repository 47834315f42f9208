/** All parameters of a tied GPT-2 in one flat vector, as an optimiser wants them. */
import { SoftpostError } from '../../protocol/errors.ts'
import type { WeightSource } from '../weightSource.ts'
import type { Gpt2Config } from './config.ts'

export type ParameterSlot = {
  /** As Hugging Face names it, without the prefix of `save_pretrained`. */
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly size: number
}

/** The token embeddings, which are the head too. Last in the vector: what stands before is trained in any case. */
export const TOKEN_EMBEDDINGS = 'wte.weight'

/** @throws SoftpostError `model-unknown` for a model whose head is not its token embeddings. */
export function parameterSlots(config: Gpt2Config): readonly ParameterSlot[] {
  if (!config.tied) {
    throw new SoftpostError('model-unknown', 'config.json: a head apart from the embeddings is not supported here')
  }
  const { width: d, layers, vocabulary, contextLength } = config
  const shapes: [string, number[]][] = [['wpe.weight', [contextLength, d]]]
  for (let layer = 0; layer < layers; layer++) {
    const at = `h.${layer}`
    for (const norm of ['ln_1', 'ln_2']) shapes.push([`${at}.${norm}.weight`, [d]], [`${at}.${norm}.bias`, [d]])
    const maps: [string, number, number][] = [
      ['attn.c_attn', d, 3 * d],
      ['attn.c_proj', d, d],
      ['mlp.c_fc', d, 4 * d],
      ['mlp.c_proj', 4 * d, d],
    ]
    for (const [name, from, to] of maps) {
      shapes.push([`${at}.${name}.weight`, [from, to]], [`${at}.${name}.bias`, [to]])
    }
  }
  shapes.push(['ln_f.weight', [d]], ['ln_f.bias', [d]], [TOKEN_EMBEDDINGS, [vocabulary, d]])
  let offset = 0
  return shapes.map(([name, shape]) => {
    const slot = { name, shape, offset, size: shape.reduce((product, length) => product * length, 1) }
    offset += slot.size
    return slot
  })
}

/** Entries of the whole vector, or of its part that is trained while the token embeddings are frozen. */
export function countParameters(slots: readonly ParameterSlot[], frozenEmbeddings = false): number {
  return slots.reduce((sum, { name, size }) => (frozenEmbeddings && name === TOKEN_EMBEDDINGS ? sum : sum + size), 0)
}

/** @throws SoftpostError `model-tensor` when a tensor is missing or has another shape. */
export function readParameters(slots: readonly ParameterSlot[], source: WeightSource): Float32Array<ArrayBuffer> {
  const values = new Float32Array(countParameters(slots))
  for (const { name, shape, offset } of slots) values.set(source.take(name, shape), offset)
  return values
}
