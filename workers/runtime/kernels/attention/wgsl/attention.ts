/**
 * Attention of texts over a shared prefix and their own tokens, straight on the projections' rows.
 *
 * Probabilities are never written out: the backward pass finds them again from the log of their sum. Each result is
 * summed in one fixed order, whatever other texts there are.
 */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { isSoftwareGpu, onGpu, runWgsl, type WgslKernel } from '../../../wgsl/program.ts'
import { cooperativeForward, cooperativeKeys, cooperativeQuery } from './cooperative.ts'
import { directForward, directKeys, directQuery } from './direct.ts'
import { LANES, type Row } from './shared.ts'

export type RowsInput = {
  readonly heads: number
  readonly keyHeads: number
  /** `[m·Tq, d]`, scaled by 1/√hd; or `[Tq, d]`, which all texts share. */
  readonly q: Tensor2D
  /** `[m·T, 2e]`, keys beside values; or `[T, 2e]`. */
  readonly kv: Tensor2D
  /** `[P, 2e]`. */
  readonly prefix: Tensor2D | null
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
  return onGpu() && headWidth % 4 === 0 && headWidth / 4 <= LANES && capacityFor(keys) !== undefined
}

function capacityFor(keys: number): number | undefined {
  return CAPACITIES.find((capacity) => keys <= capacity)
}

/** To `[m·Tq, d]`. */
export function wgslAttention(input: RowsInput): Tensor2D {
  const [rows, columns] = input.q.shape
  return runRows({ direct: directForward, cooperative: cooperativeForward }, { input, rows, extra: [], columns })
}

/** dOut `[m·Tq, d]` to `[m·Tq, d + 4H]`: dQ, then what {@link wgslKeyGradient} needs. */
export function wgslQueryGradient(dOut: Tensor2D, input: RowsInput): Tensor2D {
  const [rows, width] = dOut.shape
  const call = { input, rows, extra: [dOut], columns: width + 4 * input.heads }
  return runRows({ direct: directQuery, cooperative: cooperativeQuery }, call)
}

/** An invocation for each row and head on a CPU, a workgroup on a GPU. */
function runRows(
  make: { direct(row: Row): WgslKernel; cooperative(row: Row): WgslKernel },
  call: {
    readonly input: RowsInput
    readonly rows: number
    readonly extra: readonly Tensor[]
    readonly columns: number
  },
): Tensor2D {
  const { input, rows, extra, columns } = call
  const { heads, keyHeads, q, kv, prefix, seen, queries, length } = input
  const width = q.shape[1] / 4
  const row = { capacity: capacityOf(input), headWidth: width / heads }
  const kernel = isSoftwareGpu() ? make.direct(row) : make.cooperative(row)
  return runWgsl(kernel, {
    // Where there is no prefix its place is taken by the keys, of which nothing is then read.
    inputs: [q, kv, prefix ?? kv, seen, ...extra],
    shape: [rows, columns],
    uniforms: {
      rows,
      width,
      keyWidth: kv.shape[1] / 8,
      headWidth: row.headWidth,
      heads,
      group: heads / keyHeads,
      queries,
      length,
      prefixRows: prefix?.shape[0] ?? 0,
      qRows: q.shape[0],
      texts: kv.shape[0] / length,
      seenRows: seen.shape[0],
    },
    workgroups: [isSoftwareGpu() ? Math.ceil(rows / LANES) : rows, heads, 1],
  })
}

export type KeyGradientInput = RowsInput & {
  readonly dOut: Tensor2D
  /** Of {@link wgslQueryGradient}. */
  readonly dq: Tensor2D
  /** m. */
  readonly size: number
  /** `[m·keys, 2e]`, added. */
  readonly plus?: Tensor2D | undefined
}

/** Gradients of the prefix's keys and values `[m·P, 2e]`, or of the texts' own `[m·T, 2e]`. */
export function wgslKeyGradient(which: 'prefix' | 'own', input: KeyGradientInput): Tensor2D {
  const { heads, keyHeads, q, kv, prefix, seen, dOut, dq, size, plus, queries } = input
  const own = which === 'own'
  const keys = own ? kv : prefix
  if (!keys) throw new Error('wgslKeyGradient: there is no prefix')
  const count = own ? input.length : keys.shape[0]
  const width = q.shape[1]
  const parts = { own, plus: plus !== undefined }
  const kernel = isSoftwareGpu() ? directKeys(width / 4 / heads, parts) : cooperativeKeys(capacityOf(input), parts)
  return runWgsl(kernel, {
    inputs: [q, keys, dOut, dq, ...(own ? [seen] : []), ...(plus ? [plus] : [])],
    shape: [size * count, keys.shape[1]],
    uniforms: {
      width: width / 4,
      keyWidth: keys.shape[1] / 8,
      headWidth: width / 4 / heads,
      heads,
      group: heads / keyHeads,
      queries,
      count,
      qRows: q.shape[0],
      texts: keys.shape[0] / count,
      seenRows: seen.shape[0],
    },
    workgroups: [isSoftwareGpu() ? Math.ceil(count / LANES) : count, size, keyHeads],
  })
}

function capacityOf({ prefix, length, queries }: RowsInput): number {
  const capacity = capacityFor(Math.max((prefix?.shape[0] ?? 0) + length, queries))
  if (capacity === undefined) throw new Error(`wgslAttention: ${length} tokens are too many`)
  return capacity
}
