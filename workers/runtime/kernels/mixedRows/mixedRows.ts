/** Rows that are mixtures of few vectors: of each of m texts Cᵀ V. */
import { add, reshape, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { products } from '../products.ts'
import { hasWgslMixedRows, wgslMixedRows } from './wgsl.ts'

/** C `[m, r, n]` and V `[m·r, d]` to `[m·n, d]`, with `plus`, alike, added. */
export function mixedRows(coefficients: Tensor3D, vectors: Tensor2D, plus: Tensor2D | null = null): Tensor2D {
  const width = vectors.shape[1]
  if (hasWgslMixedRows(width)) return wgslMixedRows(coefficients, vectors, plus)
  const [size, terms, rows] = coefficients.shape
  const mixed = products(coefficients, reshape(vectors, [size, terms, width]), 'a')
  const apart: Tensor2D = reshape(mixed, [size * rows, width])
  return plus ? add(apart, plus) : apart
}
