/** Queries, keys and values of rows: what attention takes, and what its gradient gives back. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { allColumns, columnsOf, type Columns } from '../../columns.ts'

/**
 * q has d columns, kv the keys beside the values, 2e. Side by side in one matrix where one product made them; apart
 * where they have not the same rows, or no product of both.
 */
export type Projections =
  | { readonly kind: 'joint'; readonly qkv: Tensor2D }
  | { readonly kind: 'apart'; readonly q: Tensor2D; readonly kv: Tensor2D }

/** `width` is d. */
export function partsOf(given: Projections, width: number): { readonly q: Columns; readonly kv: Columns } {
  if (given.kind === 'apart') return { q: allColumns(given.q), kv: allColumns(given.kv) }
  const { qkv } = given
  return { q: columnsOf(qkv, 0, width), kv: columnsOf(qkv, width, qkv.shape[1] - width) }
}
