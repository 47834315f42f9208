/**
 * Gradients of keys and values as a product of two small matrices.
 *
 * A query moves each key of a head along itself and each value along what arrives at its output: with p its
 * probabilities and s the gradients of its scores, dK = s qᵀ and dV = p doᵀ. Where a text has few queries and many keys,
 * as in the last layer, which works at the read positions alone, the rows of dK and dV are so many copies of few vectors.
 * These alone then go through the maps that lie behind: (C V) Wᵀ = C (V Wᵀ).
 */
import {
  concat,
  mul,
  reshape,
  tensor4d,
  type Rank,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core'

export type KeyFactors = {
  /** C: for each of the r vectors of a text what each key gets of it, `[m, r, keys]`; r is 2·R·H for R queries. */
  readonly coefficients: Tensor3D
  /** V: keys beside values, of which a vector has one head, `[m·r, 2e]`: for all queries' heads q, then for all of them do. */
  readonly vectors: Tensor2D
}

export type FactorShape = {
  /** H. */
  readonly heads: number
  /** K. */
  readonly keyHeads: number
  /** hd. */
  readonly headWidth: number
  /** R. */
  readonly queries: number
  /** Of a text, with those of its prefix. */
  readonly keys: number
}

/** Whether the way back through a map costs at most half as much for the factors as for the rows of all keys. */
export function paysFactors({ heads, keyHeads, headWidth, queries, keys }: FactorShape): boolean {
  const vectors = 2 * queries * heads
  const columns = 2 * keyHeads * headWidth
  return 2 * vectors * (columns + keys) <= keys * columns
}

/** V from queries and what arrives at their outputs, `[m·R, H·hd]` each. */
export function keyVectors(q: Tensor2D, dOut: Tensor2D, shape: Omit<FactorShape, 'keys'>): Tensor2D {
  const { heads, keyHeads, headWidth, queries } = shape
  const size = q.shape[0] / queries
  const each = queries * heads
  const apart = (rows: Tensor2D): Tensor4D => reshape<Rank.R4>(rows, [size, each, 1, headWidth])
  // Times 0 in all heads but its own: tfjs tiles far more slowly.
  const inOwnHead = mul(concat([apart(q), apart(dOut)], 1), ownHeads(shape))
  return reshape(inOwnHead, [size * 2 * each, 2 * keyHeads * headWidth])
}

/** 1 where a vector's own head of keys, or of values, stands: `[1, 2·R·H, 2K, 1]`. */
function ownHeads({ heads, keyHeads, queries }: Omit<FactorShape, 'keys'>): Tensor4D {
  const each = queries * heads
  const own = new Float32Array(2 * each * 2 * keyHeads)
  for (let vector = 0; vector < 2 * each; vector++) {
    const first = vector < each ? 0 : keyHeads
    own[vector * 2 * keyHeads + first + Math.floor(((vector % heads) * keyHeads) / heads)] = 1
  }
  return tensor4d(own, [1, 2 * each, 2 * keyHeads, 1])
}
