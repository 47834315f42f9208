/** A layer's queries, keys and values from its rows, and the way back. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { allColumns, asMatrix } from '../../runtime/columns.ts'
import { partsOf, type Projections } from '../../runtime/kernels/attention/projections.ts'
import { linear, linearBackward, normedLinear, type Linear } from '../../runtime/kernels/linear/linear.ts'
import { normalise, takenAlong, type Norm, type NormSaved } from './norm.ts'
import type { WeightSink } from './weightSink.ts'

export type ProjectionMaps = {
  readonly q: Linear
  readonly kv: Linear
  /** Both as one product, from the same numbers; null where there is no such product. */
  readonly qkv: Linear | null
  /** Outputs of q. */
  readonly width: number
}

/** What q and kv were multiplied with. */
export type ProjectInputs = { readonly queries: Tensor2D; readonly keys: Tensor2D }

export type Projected = {
  readonly projections: Projections
  readonly norm: NormSaved | null
  /** Null where the norm went along with the products. */
  readonly inputs: ProjectInputs | null
}

/**
 * x `[n, d]`, through a norm where one is given.
 *
 * @param pick takes the rows that have a query; null where each has.
 */
export function project(
  x: Tensor2D,
  maps: ProjectionMaps,
  { norm, pick }: { readonly norm: Norm | null; readonly pick: ((rows: Tensor2D) => Tensor2D) | null },
): Projected {
  const along = norm && takenAlong(x, norm, maps.q)
  const before = norm && !along ? normalise(x, norm) : null
  const keys = before?.y ?? x
  const queries = pick?.(keys) ?? keys
  const through = (rows: Tensor2D, map: Linear): Tensor2D =>
    along ? normedLinear(rows, along.norm, map) : linear(allColumns(rows), map)
  const projections: Projections =
    maps.qkv && pick === null
      ? { kind: 'joint', qkv: through(keys, maps.qkv) }
      : { kind: 'apart', q: through(queries, maps.q), kv: through(keys, maps.kv) }
  return { projections, norm: along?.saved ?? before?.saved ?? null, inputs: along ? null : { queries, keys } }
}

/** Keys beside values alone, `[n, 2e]`, and what their norm left. */
export function projectKeys(
  x: Tensor2D,
  { kv }: ProjectionMaps,
  norm: Norm,
): { readonly kv: Tensor2D; readonly norm: NormSaved } {
  const along = takenAlong(x, norm, kv)
  if (along) return { kv: normedLinear(x, along.norm, kv), norm: along.saved }
  const before = normalise(x, norm)
  return { kv: linear(allColumns(before.y), kv), norm: before.saved }
}

/**
 * Gradients of the projections to that of what they were made of, `[n, d]`, with `plus`, of the rows that have a query,
 * added; `whole` puts such rows to their places among all.
 */
export function projectBackward(
  gradient: Projections,
  maps: ProjectionMaps,
  { plus, whole }: { readonly plus: Tensor2D | undefined; readonly whole: (rows: Tensor2D) => Tensor2D },
): Tensor2D {
  if (gradient.kind === 'joint' && maps.qkv) return linearBackward(allColumns(gradient.qkv), maps.qkv, plus)
  const { q, kv } = partsOf(gradient, maps.width)
  return linearBackward(kv, maps.kv, whole(linearBackward(q, maps.q, plus)))
}

/** Gradients of the maps' weights. */
export function sinkProjections(
  gradient: Projections,
  maps: ProjectionMaps,
  { inputs, sink }: { readonly inputs: ProjectInputs; readonly sink: WeightSink },
): void {
  const { q, kv } = partsOf(gradient, maps.width)
  sink.map(maps.q, inputs.queries, asMatrix(q))
  sink.map(maps.kv, inputs.keys, asMatrix(kv))
}
