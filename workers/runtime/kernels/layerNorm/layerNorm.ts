import { add, mean, mul, rsqrt, square, sub, sum, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { perCopy } from '../copies.ts'
import type { Plus } from '../normBackward.ts'
import { oneOf, ownRows, type SequenceRows } from '../sequences.ts'
import { hasSimdLayerNorm, simdLayerNorm, simdLayerNormBackward } from './simd.ts'
import { hasWgslLayerNorm, wgslLayerNorm, wgslLayerNormBackward } from './wgsl.ts'

/** y = g · (x − mean) / sqrt(var + eps) + b over the last axis, biased variance (torch `LayerNorm`). */
export type LayerNorm = { readonly gain: Tensor1D; readonly bias: Tensor1D; readonly eps: number }

/** What the backward pass needs: x̂ `[n, d]` and 1/std `[n, 1]`, or what they are computed from. */
export type LayerNormSaved =
  | { readonly kind: 'normed'; readonly normed: Tensor2D; readonly rstd: Tensor2D }
  | { readonly kind: 'input'; readonly x: SequenceRows }

/** x `[n, d]` to y alike. */
export function layerNorm(x: Tensor2D, norm: LayerNorm): { readonly y: Tensor2D; readonly saved: LayerNormSaved } {
  const own = hasWgslLayerNorm(norm.gain) ? wgslLayerNorm : hasSimdLayerNorm(norm.gain) ? simdLayerNorm : null
  if (own) return { y: own(x, norm), saved: { kind: 'input', x: ownRows(x) } }
  const { normed, rstd } = normalise(x, norm)
  return { y: add(mul(normed, norm.gain), norm.bias), saved: { kind: 'normed', normed, rstd } }
}

function normalise(x: Tensor2D, { eps }: LayerNorm): { readonly normed: Tensor2D; readonly rstd: Tensor2D } {
  const centred = sub(x, mean(x, -1, true))
  const rstd: Tensor2D = rsqrt(add(mean(square(centred), -1, true), eps))
  return { normed: mul(centred, rstd), rstd }
}

/**
 * dx from dy `[m·n, d]`, with `plus` added: m gradients that go back through the one pass saved, `[n, d]`; m is 1 where
 * each row has a pass of its own.
 */
export function layerNormBackward(dy: Tensor2D, saved: LayerNormSaved, norm: LayerNorm, plus?: Plus): Tensor2D {
  if (saved.kind === 'input') {
    if (hasWgslLayerNorm(norm.gain)) return wgslLayerNormBackward(dy, saved.x, { ...norm, plus })
    return simdLayerNormBackward(dy, oneOf(saved.x), { ...norm, ...(plus && { plus: plus.rows }) })
  }
  const dNormed: Tensor2D = mul(dy, norm.gain)
  const along: Tensor2D = mean(perCopy(dNormed, saved.normed, mul), -1, true)
  const centred: Tensor2D = sub(dNormed, mean(dNormed, -1, true))
  const dx = perCopy(sub(centred, perCopy(along, saved.normed, mul)), saved.rstd, mul)
  return plus ? add(dx, plus.rows) : dx
}

/** dy `[n, d]` to the gradients of gain and bias, summed over the rows. */
export function layerNormWeightGradient(
  dy: Tensor2D,
  saved: LayerNormSaved,
  norm: LayerNorm,
): { readonly gain: Tensor1D; readonly bias: Tensor1D } {
  const normed = saved.kind === 'normed' ? saved.normed : normalise(oneOf(saved.x), norm).normed
  return { gain: sum<Tensor1D>(mul(dy, normed), 0), bias: sum<Tensor1D>(dy, 0) }
}
