/** silu(gate) ⊙ up with silu(x) = x σ(x), from rows that hold gate beside up (HF `LlamaMLP`). */
import { add, concat, mul, sigmoid, slice, sub, type Tensor2D } from '@tensorflow/tfjs-core'
import { perCopy } from '../copies.ts'
import { oneOf, type SequenceRows } from '../sequences.ts'
import { hasWgslGatedSilu, wgslGatedSilu, wgslGatedSiluBackward } from './wgsl.ts'

/** u `[n, 2w]` to `[n, w]`. The backward pass needs u alone. */
export function gatedSilu(u: Tensor2D): Tensor2D {
  if (hasWgslGatedSilu(u.shape[1])) return wgslGatedSilu(u)
  const { gate, up } = halves(u)
  return mul(mul(gate, sigmoid(gate)), up)
}

/** dy `[m·n, w]` to du `[m·n, 2w]`: m gradients that go back through the one pass at u, `[n, 2w]`. */
export function gatedSiluBackward(dy: Tensor2D, u: SequenceRows): Tensor2D {
  if (hasWgslGatedSilu(2 * dy.shape[1])) return wgslGatedSiluBackward(dy, u)
  const { gate, up } = halves(oneOf(u))
  const s = sigmoid(gate)
  const silu = mul(gate, s)
  const slope = add(s, mul(silu, sub(1, s)))
  return concat([perCopy(dy, mul(slope, up), mul), perCopy(dy, silu, mul)], 1)
}

function halves(u: Tensor2D): { readonly gate: Tensor2D; readonly up: Tensor2D } {
  const [rows, columns] = u.shape
  const part = (begin: number): Tensor2D => slice(u, [0, begin], [rows, columns / 2])
  return { gate: part(0), up: part(columns / 2) }
}
