/** A layer's queries, keys and values from its rows, and the way back. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { allColumns, asMatrix } from '../../runtime/columns.ts'
import { partsOf, type Projections } from '../../runtime/kernels/attention/projections.ts'
import { linear, linearBackward, type Linear } from '../../runtime/kernels/linear/linear.ts'
import type { Turning } from '../../runtime/kernels/rope/rope.ts'
import { normalise, takenAlong, type Norm, type NormSaved } from './norm.ts'
import type { Turner } from './positions.ts'
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

export type ProjectOptions = {
  /** What x goes through before. */
  readonly norm: Norm | null
  /** Takes the rows that have a query; null where each has. */
  readonly pick: ((rows: Tensor2D) => Tensor2D) | null
  /** How queries and keys are turned by their positions. */
  readonly turner: Turner | null
}

/** x `[n, d]`. */
export function project(x: Tensor2D, maps: ProjectionMaps, { norm, pick, turner }: ProjectOptions): Projected {
  const along = norm && takenAlong(x, norm, maps.q)
  const before = norm && !along ? normalise(x, norm) : null
  const keys = before?.y ?? x
  const queries = pick?.(keys) ?? keys
  const through = (rows: Tensor2D, map: Linear, turning: Turning | undefined): Tensor2D =>
    linear(allColumns(rows), map, { norm: along?.norm, turning })
  const projections: Projections =
    maps.qkv && pick === null
      ? { kind: 'joint', qkv: through(keys, maps.qkv, turner?.all) }
      : { kind: 'apart', q: through(queries, maps.q, turner?.queries), kv: through(keys, maps.kv, turner?.keys) }
  return { projections, norm: along?.saved ?? before?.saved ?? null, inputs: along ? null : { queries, keys } }
}

/** Keys beside values alone, `[n, 2e]`, and what their norm left. */
export function projectKeys(
  x: Tensor2D,
  { kv }: ProjectionMaps,
  { norm, turner }: { readonly norm: Norm; readonly turner: Turner | null },
): { readonly kv: Tensor2D; readonly norm: NormSaved } {
  const turning = turner?.keys
  const along = takenAlong(x, norm, kv)
  if (along) return { kv: linear(allColumns(x), kv, { norm: along.norm, turning }), norm: along.saved }
  const before = normalise(x, norm)
  return { kv: linear(allColumns(before.y), kv, { turning }), norm: before.saved }
}

/**
 * What comes back from attention: gradients of the projections; or those of the queries and, where keys and values have
 * gone through their map already, of what these were made of, `[n, d]`.
 */
export type ProjectionsGradient =
  | Projections
  | { readonly kind: 'through'; readonly q: Tensor2D; readonly keys: (plus: Tensor2D) => Tensor2D }

/**
 * Gradients of the projections to that of what they were made of, `[n, d]`, with `plus`, of the rows that have a query,
 * added; `whole` puts such rows to their places among all.
 */
export function projectBackward(
  gradient: ProjectionsGradient,
  maps: ProjectionMaps,
  { plus, whole }: { readonly plus: Tensor2D | undefined; readonly whole: (rows: Tensor2D) => Tensor2D },
): Tensor2D {
  if (gradient.kind === 'joint' && maps.qkv) return linearBackward(allColumns(gradient.qkv), maps.qkv, plus)
  if (gradient.kind === 'through') {
    return gradient.keys(whole(linearBackward(allColumns(gradient.q), maps.q, plus)))
  }
  const { q, kv } = partsOf(gradient, maps.width)
  return linearBackward(kv, maps.kv, whole(linearBackward(q, maps.q, plus)))
}

/** Gradients of the maps' weights. */
export function sinkProjections(
  gradient: ProjectionsGradient,
  maps: ProjectionMaps,
  { inputs, sink }: { readonly inputs: ProjectInputs; readonly sink: WeightSink },
): void {
  if (gradient.kind === 'through') throw new Error('sinkProjections: keys have gone through their map')
  const { q, kv } = partsOf(gradient, maps.width)
  sink.map(maps.q, inputs.queries, asMatrix(q))
  sink.map(maps.kv, inputs.keys, asMatrix(kv))
}
