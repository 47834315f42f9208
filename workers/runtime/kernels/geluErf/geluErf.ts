/** The exact GELU (HF `gelu`): x Φ(x) with Φ(x) = (1 + erf(x/√2)) / 2. */
import { add, erf, exp, mul, square, type Tensor2D } from '@tensorflow/tfjs-core'
import { perCopy } from '../copies.ts'
import { oneOf, type SequenceRows } from '../sequences.ts'
import { hasWgslGeluErf, wgslGeluErf, wgslGeluErfBackward } from './wgsl.ts'

/** x `[n, w]` to y alike. The backward pass needs x alone. */
export function geluErf(x: Tensor2D): Tensor2D {
  return hasWgslGeluErf(x) ? wgslGeluErf(x) : mul(x, cumulative(x))
}

/** dy `[m·n, w]` to dx alike: m gradients that go back through the one pass at x, `[n, w]`. */
export function geluErfBackward(dy: Tensor2D, saved: SequenceRows): Tensor2D {
  if (hasWgslGeluErf(dy)) return wgslGeluErfBackward(dy, saved)
  const x = oneOf(saved)
  const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
  return perCopy(dy, add(cumulative(x), mul(x, density)), mul)
}

function cumulative(x: Tensor2D): Tensor2D {
  return add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5)
}
