/**
 * Attention of texts over a shared prefix and their own tokens, straight on the projections' rows.
 *
 * Probabilities are never written out: the backward pass finds them again from the log of their sum, which stands behind
 * each row of the output. With p the probabilities, o the output and do what arrives at it, a score's gradient is
 * p (do · v - do · o). Each result is summed in one fixed order, whatever other texts there are.
 */
import { reshape, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { Columns } from '../../../columns.ts'
import { isSoftwareGpu, onGpu, runWgsl } from '../../../wgsl/program.ts'
import { cooperativeForward, cooperativeGradient } from './cooperative.ts'
import { keyCoefficients } from './coefficients.ts'
import { directForward } from './direct.ts'
import { directGradient, directGroups } from './directGradient.ts'
import { LANES } from './shared.ts'

export type RowsInput = {
  readonly heads: number
  readonly keyHeads: number
  /** `[m·Tq, d]`, scaled by 1/√hd. */
  readonly q: Columns
  /** `[m·T, 2e]`, keys beside values. */
  readonly kv: Columns
  /** `[P, 2e]`. */
  readonly prefix: Columns | null
  /** How many of its text's own keys a query sees, int32, `[m·Tq]` or `[Tq]`. */
  readonly seen: Tensor1D
  /** Tq and T. */
  readonly queries: number
  readonly length: number
}

/** Keys (or queries) of a text for which a kernel has room in its fast memory. */
const CAPACITIES = [128, 512, 1024] as const

/** Whether the kernels take heads of this width and so many keys (or queries). */
export function hasWgslAttention(headWidth: number, keys: number): boolean {
  return onGpu() && headWidth % 4 === 0 && headWidth / 4 <= LANES && CAPACITIES.some((most) => keys <= most)
}

function rowOf({ q, heads, prefix, length, queries }: RowsInput): { capacity: number; headWidth: number } {
  const rows = prefix?.x.shape[0] ?? 0
  const most = rows + Math.max(length, queries)
  const capacity = CAPACITIES.find((some) => most <= some)
  if (capacity === undefined) throw new Error(`wgslAttention: ${most} rows are too many`)
  return { capacity, headWidth: q.count / 4 / heads }
}

function placesOf(input: RowsInput) {
  const { heads, keyHeads, q, kv, prefix, seen, queries, length } = input
  return {
    width: q.count / 4,
    qStride: q.x.shape[1] / 4,
    qFrom: q.from / 4,
    keyWidth: kv.count / 8,
    keyStride: kv.x.shape[1] / 4,
    keyFrom: kv.from / 4,
    prefixStride: (prefix?.x.shape[1] ?? 0) / 4,
    prefixFrom: (prefix?.from ?? 0) / 4,
    headWidth: q.count / 4 / heads,
    heads,
    group: heads / keyHeads,
    queries,
    length,
    prefixRows: prefix?.x.shape[0] ?? 0,
    seenRows: seen.shape[0],
  }
}

/** To `[m·Tq, d + 4H]`: the output, and what the way back needs of a row. */
export function wgslAttention(input: RowsInput): Tensor2D {
  const { q, kv, prefix, seen, heads } = input
  const [rows] = q.x.shape
  const row = rowOf(input)
  return runWgsl(isSoftwareGpu() ? directForward(row) : cooperativeForward(row), {
    // Where there is no prefix its place is taken by the keys, of which nothing is then read.
    inputs: [q.x, kv.x, prefix?.x ?? kv.x, seen],
    shape: [rows, q.count + 4 * heads],
    uniforms: { rows, ...placesOf(input) },
    workgroups: [isSoftwareGpu() ? Math.ceil(rows / LANES) : rows, heads, 1],
  })
}

export type GradientInput = RowsInput & {
  /** Of {@link wgslAttention}. */
  readonly out: Tensor2D
  /** m. */
  readonly size: number
  /**
   * What arrives at the outputs: of the texts' own queries `[m·Tq, d]`; where the prefix takes part, of its queries and
   * the text's own, `[m·(P + T), d]`, or `[P + m·T, d]` where the prefix's gradients are sums.
   */
  readonly dOut: Tensor2D
  /** Whether the prefix's gradients are each text's own or their sum. */
  readonly of: GradientOf
  /** The prefix's queries `[P, d]` and output where they too look at the prefix, each at itself and what is before it. */
  readonly prefixQueries: { readonly q: Columns; readonly out: Tensor2D } | null
  /** `[m·keys, 2e]`, added to the keys' gradients. */
  readonly plus?: Tensor2D | undefined
  /** cos beside sin by place, `[P + T, hd]`: what gradients of queries and keys are turned back by. Not with `plus`. */
  readonly angles?: Tensor2D | undefined
}

/** Of what all texts share: for each text its own gradient, or one, summed over the texts. */
export type GradientOf = 'each' | 'sum'

/** Whose gradients: of a text's rows the prefix's, its own, or one after the other. */
export type Which = 'prefix' | 'own' | 'all'

/** Of queries beside keys beside values, `[m·rows, d + 2e]`, in one go. Queries must lie in the rows of the keys. */
export function wgslGradient(which: Which, input: GradientInput): Tensor2D {
  return gradient(which, input, { queries: true, keys: true })
}

/** Of the texts' own queries, `[m·Tq, d]`. */
export function wgslQueryGradient(input: GradientInput): Tensor2D {
  return gradient('own', input, { queries: true, keys: false })
}

/** Of keys beside values, `[m·rows, 2e]`. */
export function wgslKeyGradient(which: Which, input: GradientInput): Tensor2D {
  return gradient(which, input, { queries: false, keys: true })
}

/** C of `KeyFactors`, `[m, 2·Tq·H, P + T]`; the prefix has no queries. */
export function wgslKeyCoefficients({ q, kv, prefix, seen, out, dOut, ...input }: GradientInput): Tensor3D {
  const { size, heads, queries, length } = input
  const keys = (prefix?.x.shape[0] ?? 0) + length
  const each = queries * heads
  const coefficients = runWgsl(keyCoefficients(), {
    inputs: [q.x, kv.x, prefix?.x ?? kv.x, seen, out, dOut],
    shape: [size * 2 * each, keys],
    uniforms: { keys, ...placesOf({ ...input, q, kv, prefix, seen }) },
    workgroups: [Math.ceil((each * keys) / LANES), size, 1],
  })
  return reshape(coefficients, [size, 2 * each, keys])
}

function gradient(which: Which, input: GradientInput, wanted: { queries: boolean; keys: boolean }): Tensor2D {
  const { q, kv, prefix, seen, out, size, dOut, of, prefixQueries, plus, angles, heads, length, queries } = input
  const joint = q.x === kv.x && (prefixQueries === null || prefixQueries.q.x === prefix?.x)
  if (prefixQueries && !joint) throw new Error('wgslGradient: the queries lie elsewhere than the keys')
  const prefixRows = prefix?.x.shape[0] ?? 0
  const ownRows = wanted.keys ? length : queries
  const summedRows = of === 'sum' && which !== 'own' ? prefixRows : 0
  const each = { prefix: prefixRows, own: ownRows, all: prefixRows + ownRows }[which] - summedRows
  const parts = { joint, plus: plus !== undefined, turned: angles !== undefined }
  const row = rowOf(input)
  const inputs: Tensor[] = [kv.x, prefix?.x ?? kv.x, seen, out, dOut, joint ? (prefixQueries?.out ?? out) : q.x]
  const rows = summedRows + size * each
  const sharedQueries = prefixQueries ? prefixRows : 0
  const arrivingEach = queries + (of === 'each' ? sharedQueries : 0)
  const resultKeys = wanted.queries ? q.count : 0
  return runWgsl(isSoftwareGpu() ? directGradient(row.headWidth, parts) : cooperativeGradient(row, parts), {
    inputs: [...inputs, ...(plus ? [plus] : []), ...(angles ? [angles] : [])],
    shape: [rows, resultKeys + (wanted.keys ? kv.count : 0)],
    uniforms: {
      rows,
      ...placesOf(input),
      parts: Number(!wanted.queries),
      prefixQueries: sharedQueries,
      prefixQFrom: (prefixQueries?.q.from ?? 0) / 4,
      firstPlace: which === 'own' ? prefixRows : summedRows,
      texts: size,
      summedRows,
      // Where nothing but sums is asked for no row is a text's.
      each: Math.max(each, 1),
      arrivingEach,
      arrivingPrefix: of === 'each' ? arrivingEach : 0,
      arrivingFirst: sharedQueries,
      resultStride: (resultKeys + (wanted.keys ? kv.count : 0)) / 4,
      resultKeys: resultKeys / 4,
    },
    workgroups: [
      isSoftwareGpu() ? directGroups({ summed: summedRows, each, texts: size }) : rows,
      heads,
      Number(wanted.queries) + Number(wanted.keys),
    ],
  })
}
