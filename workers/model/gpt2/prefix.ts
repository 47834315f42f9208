/**
 * The soft prompt's own way through the model. No prompt row sees the text, so keys and values of every layer are
 * computed once and shared by all texts; the way back is per text, against the same saved activations.
 */
import { add, reshape, softmax, tensor2d, tensor3d, matMul, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { mergeHeads, splitHeads, type Heads, type PrefixKeyValues } from '../../runtime/kernels/attention/attention.ts'
import { sharedAttentionBackward, type SharedAttentionSaved } from '../../runtime/kernels/attention/sharedAttention.ts'
import { layerNorm, layerNormBackward, type LayerNormSaved } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { linear, linearBackward, linearResidual } from '../../runtime/kernels/linear/linear.ts'
import { disposeAll, kept } from '../../runtime/tensors.ts'
import { causalMask } from '../masks.ts'
import type { Prefix, PrefixGradient } from '../types.ts'
import type { Gpt2Config } from './config.ts'
import { mergeParts, splitParts } from './heads.ts'
import { asRows, mlp, mlpBackward, mlpSaved, perExample, type MlpSaved } from './mlp.ts'
import type { Gpt2Block, Gpt2Weights } from './weights.ts'

type SavedLayer = {
  readonly norm1: LayerNormSaved
  /** Null in the last layer, whose outputs at prompt rows nobody reads. */
  readonly rest: { readonly attention: SharedAttentionSaved; readonly mlp: MlpSaved } | null
}

export class Gpt2Prefix implements Prefix {
  readonly rows: number
  readonly layers: readonly PrefixKeyValues[]
  readonly saved: readonly SavedLayer[]

  constructor(rows: number, layers: readonly { readonly kv: PrefixKeyValues; readonly saved: SavedLayer }[]) {
    this.rows = rows
    this.layers = layers.map(({ kv }) => kv)
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
    const mask = tensor3d(causalMask(rows, 0), [1, rows, rows])
    return weights.blocks.map((block, layer) => {
      const last = layer === weights.blocks.length - 1
      const norm1 = layerNorm(x, block.norm1)
      const shape = { heads, size: 1, length: rows }
      if (last) {
        const [k, v] = splitParts(linear(norm1.y, block.kv), 2, shape).map(ofOne)
        return { kv: pair(k, v), saved: { norm1: norm1.saved, rest: null } }
      }
      const [q, k, v] = splitParts(linear(norm1.y, block.qkv), 3, shape).map(ofOne)
      const kv = pair(k, v)
      if (!q) throw new Error('gpt2Prefix: three parts expected')
      const probabilities: Tensor3D = softmax(add<Tensor3D>(matMul(q, kv.k, false, true), mask))
      const mixed: Tensor3D = matMul(probabilities, kv.v)
      const merged = mergeHeads(reshape(mixed, [heads, 1, rows, width / heads]))
      const second = mlp(linearResidual(x, merged, block.out), block)
      x = second.y
      const attention = { q, k: kv.k, v: kv.v, probabilities }
      return { kv, saved: { norm1: norm1.saved, rest: { attention, mlp: mlpSaved(second.saved) } } }
    })
  })
  return new Gpt2Prefix(rows, layers)
}

/** Gradient with respect to the prompt, `[m, P, d]`. To be called inside a `tidy`. */
export function gpt2PrefixBackward(weights: Gpt2Weights, prefix: Gpt2Prefix, gradient: PrefixGradient): Tensor3D {
  let dx: Tensor3D | null = null
  for (let layer = weights.blocks.length - 1; layer >= 0; layer--) {
    const block = weights.blocks[layer]
    const saved = prefix.saved[layer]
    const arriving = gradient[layer]
    if (!block || !saved || !arriving) throw new Error(`gpt2PrefixBackward: no gradient for layer ${layer}`)
    dx = layerBackward({ block, saved, arriving, dx })
  }
  if (!dx) throw new Error('gpt2PrefixBackward: the model has no layers')
  return dx
}

/** One layer: gradients of its keys and values, and of its output unless it is the last, to that of its input. */
function layerBackward(layer: {
  readonly block: Gpt2Block
  readonly saved: SavedLayer
  readonly arriving: { readonly k: Heads; readonly v: Heads }
  readonly dx: Tensor3D | null
}): Tensor3D {
  const { block, saved, arriving, dx } = layer
  const [heads, size, rows] = arriving.k.shape
  if (saved.rest === null || dx === null) {
    const dNormed = linearBackward(mergeParts([arriving.k, arriving.v]), block.kv)
    return layerNormBackward(perExample(dNormed, size), saved.norm1, block.norm1)
  }
  const dMiddle = mlpBackward(asRows(dx), saved.rest.mlp, block, size)
  const dMixed = splitHeads(linearBackward(dMiddle, block.out), { heads, size, length: rows })
  const own = sharedAttentionBackward(dMixed, saved.rest.attention)
  const parts = [own.q, add<Heads>(own.k, arriving.k), add<Heads>(own.v, arriving.v)]
  const dNormed = linearBackward(mergeParts(parts), block.qkv)
  return add(layerNormBackward(perExample(dNormed, size), saved.norm1, block.norm1), perExample(dMiddle, size))
}

/** `[H, 1, P, hd]` to `[H, P, hd]`. */
function ofOne(x: Heads): Tensor3D {
  const [heads, , rows, width] = x.shape
  return reshape(x, [heads, rows, width])
}

function pair(k: Tensor3D | undefined, v: Tensor3D | undefined): PrefixKeyValues {
  if (!k || !v) throw new Error('gpt2Prefix: keys and values expected')
  return { k, v }
}
