/**
 * Texts through the model up to the hidden state at each read position, and the gradient of the prefix's keys and
 * values on the way back. The last layer works at the read positions alone; the first layer's texts do not depend on
 * the prompt, so its backward pass ends at the attention.
 */
import {
  add,
  gather,
  mul,
  reshape,
  tensor1d,
  tensor2d,
  tensor3d,
  tensor4d,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core'
import {
  attention,
  attentionBackward,
  mergeHeads,
  splitHeads,
  type AttentionGradient,
  type AttentionSaved,
} from '../../runtime/kernels/attention/attention.ts'
import { layerNorm, layerNormBackward, type LayerNormSaved } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { linear, linearBackward, linearResidual } from '../../runtime/kernels/linear/linear.ts'
import { causalMask, readMask } from '../masks.ts'
import type { Prefix, PrefixGradient, ReadPass, TokenBatch } from '../types.ts'
import type { Gpt2Config } from './config.ts'
import { mergeParts, splitParts } from './heads.ts'
import { mlp, mlpBackward, mlpSaved, type MlpForward } from './mlp.ts'
import type { Gpt2Block, Gpt2Weights } from './weights.ts'

type SavedBlock = {
  readonly block: Gpt2Block
  readonly norm1: LayerNormSaved
  readonly attention: AttentionSaved
  readonly mlp: MlpForward
}

/** To be called inside a `tidy`, and its `backward` too. */
export function gpt2Read(config: Gpt2Config, weights: Gpt2Weights, batch: TokenBatch, prefix: Prefix | null): ReadPass {
  const { heads } = config
  const { size, length } = batch
  const rows = prefix?.rows ?? 0
  const shape = { heads, size, length }
  const mask = tensor4d(causalMask(length, rows), [1, 1, length, rows + length])
  const whole: SavedBlock[] = []
  let x = embedText(config, weights, batch, rows)
  const inner = weights.blocks.slice(0, -1)
  for (const [layer, block] of inner.entries()) {
    const norm1 = layerNorm(x, block.norm1)
    const [q, k, v] = splitParts(linear(norm1.y, block.qkv), 3, shape)
    if (!q || !k || !v) throw new Error('gpt2Read: three parts expected')
    const mixed = attention({ q, k, v, prefix: prefix?.layers[layer] ?? null, mask })
    const second = mlp(linearResidual(x, mergeHeads(mixed.out), block.out), block)
    whole.push({ block, norm1: norm1.saved, attention: mixed.saved, mlp: second.saved })
    x = second.y
  }

  const block = weights.blocks.at(-1)
  if (!block) throw new Error('gpt2Read: the model has no layers')
  const norm1 = layerNorm(x, block.norm1)
  const [k, v] = splitParts(linear(norm1.y, block.kv), 2, shape)
  if (!k || !v) throw new Error('gpt2Read: keys and values expected')
  const at = tensor1d(
    batch.read.map((position, text) => text * length + position),
    'int32',
  )
  const q = splitHeads(linear(gather(norm1.y, at), block.q), { heads, size, length: 1 })
  const lastMask = tensor4d(readMask(batch.read, length, rows), [1, size, 1, rows + length])
  const mixed = attention({ q, k, v, prefix: prefix?.layers[inner.length] ?? null, mask: lastMask })
  const second = mlp(linearResidual(gather(x, at), mergeHeads(mixed.out), block.out), block)
  const final = layerNorm(second.y, weights.finalNorm)
  const last = { block, norm1: norm1.saved, attention: mixed.saved, mlp: second.saved }

  return {
    hidden: final.y,
    backward: (dHidden) =>
      readBackward({ heads, batch, whole, last }, layerNormBackward(dHidden, final.saved, weights.finalNorm)),
  }
}

type Saved = {
  readonly heads: number
  readonly batch: TokenBatch
  /** All layers but the last. */
  readonly whole: readonly SavedBlock[]
  readonly last: SavedBlock
}

/** `dy`: gradient of the last layer's output at the read positions, `[m, d]`. */
function readBackward({ heads, batch, whole, last }: Saved, dy: Tensor2D): PrefixGradient {
  const { size, length } = batch
  const dRead = mlpBackward(dy, mlpSaved(last.mlp), last.block, 1)
  const dMixed = splitHeads(linearBackward(dRead, last.block.out), { heads, size, length: 1 })
  const top = attentionBackward(dMixed, last.attention, whole.length === 0 ? 'prefix' : 'all')
  const gradient = [ofPrefix(top)]
  if (!top.own) return gradient

  const dQuery = linearBackward(mergeHeads(top.own.q), last.block.q)
  const dNormed = add<Tensor2D>(
    linearBackward(mergeParts([top.own.k, top.own.v]), last.block.kv),
    spread(dQuery, batch),
  )
  let dx = add<Tensor2D>(layerNormBackward(dNormed, last.norm1, last.block.norm1), spread(dRead, batch))
  for (let layer = whole.length - 1; layer >= 0; layer--) {
    const saved = whole[layer]
    if (!saved) throw new Error(`gpt2Read: layer ${layer} was not saved`)
    const dMiddle = mlpBackward(dx, mlpSaved(saved.mlp), saved.block, 1)
    const dHeads = splitHeads(linearBackward(dMiddle, saved.block.out), { heads, size, length })
    const mixed = attentionBackward(dHeads, saved.attention, layer === 0 ? 'prefix' : 'all')
    gradient.unshift(ofPrefix(mixed))
    if (!mixed.own) break
    const dQkv = linearBackward(mergeParts([mixed.own.q, mixed.own.k, mixed.own.v]), saved.block.qkv)
    dx = add(layerNormBackward(dQkv, saved.norm1, saved.block.norm1), dMiddle)
  }
  return gradient
}

function ofPrefix({ prefixK, prefixV }: AttentionGradient): PrefixGradient[number] {
  if (!prefixK || !prefixV) throw new Error('gpt2Read: a backward pass needs a prefix')
  return { k: prefixK, v: prefixV }
}

/** `[m, d]` to `[m·T, d]`: each row at its text's read position, zeros elsewhere. */
function spread(rows: Tensor2D, { size, length, read }: TokenBatch): Tensor2D {
  const places = new Float32Array(size * length)
  read.forEach((position, text) => {
    places[text * length + position] = 1
  })
  const width = rows.shape[1]
  const placed = mul<Tensor3D>(reshape(rows, [size, 1, width]), tensor3d(places, [size, length, 1]))
  return reshape(placed, [size * length, width])
}

/** Token and position embeddings, `[m·T, d]`; positions go on after the prefix. */
function embedText(config: Gpt2Config, weights: Gpt2Weights, batch: TokenBatch, prefixRows: number): Tensor2D {
  const { width } = config
  const { ids, size, length } = batch
  const values = new Float32Array(size * length * width)
  for (let row = 0; row < size * length; row++) {
    const token = (ids[row] ?? 0) * width
    const position = (prefixRows + (row % length)) * width
    const to = row * width
    for (let at = 0; at < width; at++) {
      values[to + at] = (weights.tokens[token + at] ?? 0) + (weights.positions[position + at] ?? 0)
    }
  }
  return tensor2d(values, [size * length, width])
}
