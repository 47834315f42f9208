/**
 * Texts through the model up to the hidden state at each read position, and the gradient of the prefix's keys and
 * values on the way back. The last layer works at the read positions alone; the first layer's texts do not depend on
 * the prompt, so its backward pass ends at the attention.
 */
import { gather, mul, reshape, tensor1d, tensor2d, tensor3d, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import {
  sightOf,
  textAttention,
  textAttentionBackward,
  type TextAttentionSaved,
} from '../../runtime/kernels/attention/rows.ts'
import { layerNorm, layerNormBackward, type LayerNormSaved } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { linear, linearBackward, linearResidual } from '../../runtime/kernels/linear/linear.ts'
import type { PrefixGradient, ReadPass, TokenBatch } from '../types.ts'
import type { Gpt2Config } from './config.ts'
import type { Gpt2Prefix } from './prefix.ts'
import { mlp, mlpBackward, type MlpSaved } from './mlp.ts'
import type { Gpt2Block, Gpt2Weights } from './weights.ts'

type SavedBlock = {
  readonly block: Gpt2Block
  readonly norm1: LayerNormSaved
  readonly attention: TextAttentionSaved
  readonly mlp: MlpSaved
}

/** To be called inside a `tidy`, and its `backward` too. */
export function gpt2Read(
  config: Gpt2Config,
  weights: Gpt2Weights,
  batch: TokenBatch,
  prefix: Gpt2Prefix | null,
): ReadPass {
  const { heads, width, contextLength } = config
  const { size, length } = batch
  const prefixRows = prefix?.rows ?? 0
  const shape = { heads, width, size, length, prefixRows, contextLength }
  const sight = sightOf(shape, null)
  const whole: SavedBlock[] = []
  let x = embedText(config, weights, batch, prefixRows)
  const inner = weights.blocks.slice(0, -1)
  for (const [layer, block] of inner.entries()) {
    const norm1 = layerNorm(x, block.norm1)
    const [q, kv] = [linear(norm1.y, block.q), linear(norm1.y, block.kv)]
    const mixed = textAttention({ q, kv, prefix: prefix?.layers[layer] ?? null, sight }, shape)
    const second = mlp(linearResidual(x, mixed.out, block.out), block)
    whole.push({ block, norm1: norm1.saved, attention: mixed.saved, mlp: second.saved })
    x = second.y
  }

  const block = weights.blocks.at(-1)
  if (!block) throw new Error('gpt2Read: the model has no layers')
  const norm1 = layerNorm(x, block.norm1)
  const at = tensor1d(
    batch.read.map((position, text) => text * length + position),
    'int32',
  )
  const [q, kv] = [linear(gather(norm1.y, at), block.q), linear(norm1.y, block.kv)]
  const lastPrefix = prefix?.layers[inner.length] ?? null
  const mixed = textAttention({ q, kv, prefix: lastPrefix, sight: sightOf(shape, batch.read) }, shape)
  const second = mlp(linearResidual(gather(x, at), mixed.out, block.out), block)
  const final = layerNorm(second.y, weights.finalNorm)
  const last = { block, norm1: norm1.saved, attention: mixed.saved, mlp: second.saved }

  return {
    hidden: final.y,
    backward: (dHidden) =>
      readBackward({ batch, whole, last }, layerNormBackward(dHidden, final.saved, weights.finalNorm)),
  }
}

type Saved = {
  readonly batch: TokenBatch
  /** All layers but the last. */
  readonly whole: readonly SavedBlock[]
  readonly last: SavedBlock
}

/** `dy`: gradient of the last layer's output at the read positions, `[m, d]`. */
function readBackward({ batch, whole, last }: Saved, dy: Tensor2D): PrefixGradient {
  const dRead = mlpBackward(dy, last.mlp, last.block)
  const wanted = whole.length === 0 ? 'prefix' : 'all'
  const top = textAttentionBackward(linearBackward(dRead, last.block.out), last.attention, wanted)
  const gradient = [top.prefix]
  if (!top.own) return gradient

  const dQuery = spread(linearBackward(top.own.q, last.block.q), batch)
  const dNormed = linearBackward(top.own.kv, last.block.kv, dQuery)
  let dx = layerNormBackward(dNormed, last.norm1, last.block.norm1, spread(dRead, batch))
  for (const [layer, { block, ...saved }] of [...whole.entries()].toReversed()) {
    const dMiddle = mlpBackward(dx, saved.mlp, block)
    const dMixed = linearBackward(dMiddle, block.out)
    const { prefix, own } = textAttentionBackward(dMixed, saved.attention, layer === 0 ? 'prefix' : 'all')
    gradient.unshift(prefix)
    if (!own) break
    const dNormed = linearBackward(own.kv, block.kv, linearBackward(own.q, block.q))
    dx = layerNormBackward(dNormed, saved.norm1, block.norm1, dMiddle)
  }
  return gradient
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
