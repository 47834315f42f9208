/** Activations that many gradients go back through: `[n, w]` saved against `[m·n, w]` arriving. */
import { reshape, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'

/** `combine` of each of the m copies `[n, w]` in `rows` with the one saved; tfjs broadcasts over the leading axis. */
export function perCopy(rows: Tensor2D, saved: Tensor, combine: (a: Tensor, b: Tensor) => Tensor): Tensor2D {
  const [count, width] = rows.shape
  const shared = saved.shape[0] ?? count
  if (shared === count) return combine(rows, saved) as Tensor2D
  const copies: Tensor3D = reshape(rows, [count / shared, shared, width])
  const combined = combine(copies, saved)
  return reshape(combined, [count, combined.shape[2] ?? width])
}
