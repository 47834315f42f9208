/**
 * Backward pass of a prefix's causal attention over itself, for m gradients against one set of saved activations:
 * the forward pass ran once for the whole batch, each text has a gradient of its own.
 */
import { mul, reshape, sub, sum, transpose, type Rank, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core'
import type { Heads } from './attention.ts'
import { products } from '../products.ts'

export type SharedAttentionSaved = {
  /** `[H, P, hd]` each; Q scaled by 1/√hd. */
  readonly q: Tensor3D
  readonly k: Tensor3D
  readonly v: Tensor3D
  /** `[H, P, P]`. */
  readonly probabilities: Tensor3D
}

/** dOut `[H, m, P, hd]` to gradients of Q (scaled), K and V, `[H, m, P, hd]` each. */
export function sharedAttentionBackward(
  dOut: Heads,
  saved: SharedAttentionSaved,
): { readonly q: Heads; readonly k: Heads; readonly v: Heads } {
  const [heads, size, rows, width] = dOut.shape
  const shape: [number, number, number, number] = [heads, size, rows, width]
  const flat: Tensor3D = reshape(dOut, [heads, size * rows, width])
  const dProbabilities: Tensor4D = reshape(products(flat, saved.v, 'b'), [heads, size, rows, rows])
  const probabilities: Tensor4D = reshape(saved.probabilities, [heads, 1, rows, rows])
  const centre = sum(mul(dProbabilities, probabilities), -1, true)
  const dScores: Tensor4D = mul(probabilities, sub<Tensor4D>(dProbabilities, centre))

  const dq = products(reshape(dScores, [heads, size * rows, rows]), saved.k)
  const dScoresT: Tensor3D = reshape(transpose(dScores, [0, 1, 3, 2]), [heads, size * rows, rows])
  const dk = products(dScoresT, saved.q)
  // Aᵀ dO with A shared: put the m·hd columns of dO side by side, so that it is one matmul per head.
  const columns: Tensor3D = reshape(transpose(dOut, [0, 2, 1, 3]), [heads, rows, size * width])
  const dv = transpose(
    reshape<Rank.R4>(products(saved.probabilities, columns, 'a'), [heads, rows, size, width]),
    [0, 2, 1, 3],
  )
  return { q: reshape(dq, shape), k: reshape(dk, shape), v: dv }
}
