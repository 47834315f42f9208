/** Matrix products of two tensors neither of which is a weight. */
import { matMul, reshape, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { hasSimdProduct, simdProducts, type Turned } from '../simd/product.ts'

/** a `[B, n, k]` by b `[B, k, m]`, matrix by matrix; the turned one has its last two axes exchanged. */
export function products(a: Tensor3D, b: Tensor3D, turned: Turned = null): Tensor3D {
  if (hasSimdProduct()) return simdProducts(a, b, turned)
  return matMul(a, b, turned === 'a', turned === 'b')
}

/** aᵀ b of a `[n, p]` and b `[n, q]`, `[p, q]`: sums over the rows. */
export function crossProduct(a: Tensor2D, b: Tensor2D): Tensor2D {
  const [n, p] = a.shape
  const q = b.shape[1]
  return reshape(products(reshape(a, [1, n, p]), reshape(b, [1, n, q]), 'a'), [p, q])
}
