import {
  add,
  mean,
  mul,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'

/** y = g · (x − mean) / sqrt(var + eps) + b over the last axis, biased variance (torch `LayerNorm`). */
export type LayerNorm = { readonly gain: Tensor1D; readonly bias: Tensor1D; readonly eps: number }

/** What the backward pass needs: x̂ `[..., d]` and 1/std `[..., 1]`. */
export type LayerNormSaved = { readonly normed: Tensor; readonly rstd: Tensor }

export function layerNorm<T extends Tensor>(x: T, norm: LayerNorm): { readonly y: T; readonly saved: LayerNormSaved } {
  const centred = sub(x, mean(x, -1, true))
  const rstd = rsqrt(add(mean(square(centred), -1, true), norm.eps))
  const normed = mul(centred, rstd)
  return { y: add<T>(mul(normed, norm.gain), norm.bias), saved: { normed, rstd } }
}

/**
 * dx from dy. `saved` may lack the leading batch axis of dy: activations that a whole batch shares broadcast against
 * each example's own gradient.
 */
export function layerNormBackward<T extends Tensor>(dy: T, saved: LayerNormSaved, norm: LayerNorm): T {
  const dNormed = mul(dy, norm.gain)
  const along = mean(mul(dNormed, saved.normed), -1, true)
  const centred = sub(sub(dNormed, mean(dNormed, -1, true)), mul(saved.normed, along))
  return mul<T>(centred, saved.rstd)
}

/** dy `[n, d]` to the gradients of gain and bias, summed over the rows. */
export function layerNormWeightGradient(
  dy: Tensor2D,
  saved: LayerNormSaved,
): { readonly gain: Tensor1D; readonly bias: Tensor1D } {
  return { gain: sum<Tensor1D>(mul(dy, saved.normed), 0), bias: sum<Tensor1D>(dy, 0) }
}

export function disposeLayerNorm(norm: LayerNorm): void {
  norm.gain.dispose()
  norm.bias.dispose()
}
