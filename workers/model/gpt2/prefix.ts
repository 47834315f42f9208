/**
 * The soft prompt's own way through the model. No prompt row sees the text, so keys and values of every layer are
 * computed once and shared by all texts; the way back is per text, against the same saved activations.
 */
import { reshape, tensor2d, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import {
  prefixAttention,
  prefixAttentionBackward,
  sharedKeys,
  sightOf,
  type PrefixAttentionSaved,
  type SharedKeys,
} from '../../runtime/kernels/attention/rows.ts'
import { layerNorm, layerNormBackward, type LayerNormSaved } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { linear, linearBackward, linearResidual } from '../../runtime/kernels/linear/linear.ts'
import { disposeAll, kept } from '../../runtime/tensors.ts'
import type { Prefix, PrefixGradient } from '../types.ts'
import type { Gpt2Config } from './config.ts'
import { mlp, mlpBackward, sharedMlpSaved, type MlpSaved } from './mlp.ts'
import type { Gpt2Block, Gpt2Weights } from './weights.ts'

type SavedLayer = {
  readonly norm1: LayerNormSaved
  /** Null in the last layer, whose outputs at prompt rows nobody reads. */
  readonly rest: { readonly attention: PrefixAttentionSaved; readonly mlp: MlpSaved } | null
}

export class Gpt2Prefix implements Prefix {
  readonly rows: number
  /** By layer. */
  readonly layers: readonly SharedKeys[]
  readonly saved: readonly SavedLayer[]

  constructor(rows: number, layers: readonly { readonly keys: SharedKeys; readonly saved: SavedLayer }[]) {
    this.rows = rows
    this.layers = layers.map(({ keys }) => keys)
    this.saved = layers.map(({ saved }) => saved)
  }

  dispose(): void {
    disposeAll([this.layers, this.saved])
  }
}

/** `prompt` is `[P, d]`, row by row. */
export function gpt2Prefix(config: Gpt2Config, weights: Gpt2Weights, prompt: Float32Array, rows: number): Gpt2Prefix {
  const { width, heads } = config
  const layers = kept(() => {
    const input = Float32Array.from(prompt)
    for (let at = 0; at < input.length; at++) input[at] = (input[at] ?? 0) + (weights.positions[at] ?? 0)
    let x: Tensor2D = tensor2d(input, [rows, width])
    const shape = { heads, width, size: 1, length: rows, prefixRows: 0, contextLength: config.contextLength }
    const sight = sightOf(shape, null)
    return weights.blocks.map((block, layer) => {
      const norm1 = layerNorm(x, block.norm1)
      const keys = sharedKeys(linear(norm1.y, block.kv), shape)
      if (layer === weights.blocks.length - 1) return { keys, saved: { norm1: norm1.saved, rest: null } }
      const mixed = prefixAttention(linear(norm1.y, block.q), keys, sight, shape)
      const second = mlp(linearResidual(x, mixed.out, block.out), block)
      x = second.y
      const rest = { attention: mixed.saved, mlp: sharedMlpSaved(second.saved) }
      return { keys, saved: { norm1: norm1.saved, rest } }
    })
  })
  return new Gpt2Prefix(rows, layers)
}

/** Gradient with respect to the prompt, `[m, P, d]`. To be called inside a `tidy`. */
export function gpt2PrefixBackward(
  { heads }: Gpt2Config,
  weights: Gpt2Weights,
  prefix: Gpt2Prefix,
  gradient: PrefixGradient,
): Tensor3D {
  let dx: Tensor2D | null = null
  for (let layer = weights.blocks.length - 1; layer >= 0; layer--) {
    const block = weights.blocks[layer]
    const saved = prefix.saved[layer]
    const arriving = gradient[layer]
    if (!block || !saved || !arriving) throw new Error(`gpt2PrefixBackward: no gradient for layer ${layer}`)
    dx = layerBackward({ heads, block, saved, arriving, dx })
  }
  if (!dx) throw new Error('gpt2PrefixBackward: the model has no layers')
  const [count, width] = dx.shape
  return reshape(dx, [count / prefix.rows, prefix.rows, width])
}

/** One layer: gradients of its keys and values, and of its output unless it is the last, to that of its input. */
function layerBackward(layer: {
  readonly heads: number
  readonly block: Gpt2Block
  readonly saved: SavedLayer
  readonly arriving: Tensor2D
  readonly dx: Tensor2D | null
}): Tensor2D {
  const { heads, block, saved, arriving, dx } = layer
  if (saved.rest === null || dx === null) {
    return layerNormBackward(linearBackward(arriving, block.kv), saved.norm1, block.norm1)
  }
  const dMiddle = mlpBackward(dx, saved.rest.mlp, block)
  const own = prefixAttentionBackward(linearBackward(dMiddle, block.out), saved.rest.attention, { arriving, heads })
  const dNormed = linearBackward(own.kv, block.kv, linearBackward(own.q, block.q))
  return layerNormBackward(dNormed, saved.norm1, block.norm1, dMiddle)
}
