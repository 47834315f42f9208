import { add, mean, mul, rsqrt, square, sub, sum, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { perCopy } from '../copies.ts'
import type { Plus } from '../normBackward.ts'
import { oneOf, type SequenceRows } from '../sequences.ts'
import { hasWgslRmsNorm, wgslRmsNorm, wgslRmsNormBackward } from './wgsl.ts'

/** y = g · x / sqrt(mean(x²) + eps) over the last axis (HF `LlamaRMSNorm`, `Qwen2RMSNorm`). */
export type RmsNorm = { readonly gain: Tensor1D; readonly eps: number }

/** x `[n, d]` to y alike. The backward pass needs x alone. */
export function rmsNorm(x: Tensor2D, norm: RmsNorm): Tensor2D {
  if (hasWgslRmsNorm(norm.gain)) return wgslRmsNorm(x, norm)
  return mul(normalise(x, norm).normed, norm.gain)
}

/**
 * dx from dy `[m·n, d]`, with `plus` added: m gradients that go back through the one pass at x, `[n, d]`; m is 1 where
 * each row has a pass of its own.
 */
export function rmsNormBackward(dy: Tensor2D, x: SequenceRows, norm: RmsNorm, plus?: Plus): Tensor2D {
  if (hasWgslRmsNorm(norm.gain)) return wgslRmsNormBackward(dy, x, { ...norm, plus })
  const { normed, rstd } = normalise(oneOf(x), norm)
  const dNormed: Tensor2D = mul(dy, norm.gain)
  const along: Tensor2D = mean(perCopy(dNormed, normed, mul), -1, true)
  const dx = perCopy(sub(dNormed, perCopy(along, normed, mul)), rstd, mul)
  return plus ? add(dx, plus.rows) : dx
}

/** dy `[n, d]` to the gradient of the gain, summed over the rows. */
export function rmsNormWeightGradient(dy: Tensor2D, x: SequenceRows, norm: RmsNorm): Tensor1D {
  return sum<Tensor1D>(mul(dy, normalise(oneOf(x), norm).normed), 0)
}

function normalise(x: Tensor2D, { eps }: RmsNorm): { readonly normed: Tensor2D; readonly rstd: Tensor2D } {
  const rstd: Tensor2D = rsqrt(add(mean(square(x), -1, true), eps))
  return { normed: mul(x, rstd), rstd }
}
