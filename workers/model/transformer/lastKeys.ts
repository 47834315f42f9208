/**
 * The last layer's way back through its keys and values, where few rows of a text have a query: what all keys of a prompt
 * and its text get are mixtures of few vectors, and these alone go through the map that made the keys.
 */
import { slice, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { allColumns } from '../../runtime/columns.ts'
import { paysFactors } from '../../runtime/kernels/attention/keyFactors.ts'
import { factorShape, textFactors, type TextAttentionSaved } from '../../runtime/kernels/attention/rows.ts'
import { linearBackward } from '../../runtime/kernels/linear/linear.ts'
import { mixedRows } from '../../runtime/kernels/mixedRows/mixedRows.ts'
import type { Turner } from './positions.ts'
import type { ProjectionMaps } from './project.ts'

export type LastKeys = {
  /** Of the queries, `[m·R, d]`. */
  readonly q: Tensor2D
  /** Of what some keys and values were made of, `[m·count, d]`, with `plus` added: those of each text from a place on. */
  readonly inputs: (keys: { readonly from: number; readonly count: number }, plus?: Tensor2D) => Tensor2D
}

/** Whether {@link lastKeys} is the shorter way: a question of the model, the prompt's length and the texts' alone. */
export function paysLastKeys(attended: TextAttentionSaved, turner: Turner | null): boolean {
  return turner === null && paysFactors(factorShape(attended))
}

/** From dOut `[m·R, d]`. */
export function lastKeys(dOut: Tensor2D, attended: TextAttentionSaved, { kv }: ProjectionMaps): LastKeys {
  const { q, keys } = textFactors(dOut, attended)
  const vectors = linearBackward(allColumns(keys.vectors), kv)
  return {
    q,
    inputs: (some, plus) => mixedRows(ofKeys(keys.coefficients, some), vectors, plus),
  }
}

function ofKeys(coefficients: Tensor3D, { from, count }: { readonly from: number; readonly count: number }): Tensor3D {
  const [size, vectors, keys] = coefficients.shape
  return count === keys ? coefficients : slice(coefficients, [0, 0, from], [size, vectors, count])
}
