/**
 * A map whose weight no single binding holds, or whose outputs are no multiple of 4 (GPT-2's 50,257 tokens), in parts
 * that hold some of its outputs each. Devices with bindings of 128 MiB exist.
 */
import { addN, concat, pad, slice, tensor1d, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { allColumns } from '../../columns.ts'
import { pack, type Packed, type PackRequest } from './packed.ts'
import { wgslLinear, wgslLinearBackward } from './wgsl/linear.ts'

export type Shard = {
  readonly w: Packed
  readonly b: Tensor1D | null
  /** Outputs from `from` on; less than those of `w` where zeros fill them up. */
  readonly from: number
  readonly count: number
}

const BYTES = Float32Array.BYTES_PER_ELEMENT

/** Most outputs of a part, a multiple of 4. */
function outputsOfShard(inner: number, mostBytes: number): number {
  return Math.max(4, Math.floor(mostBytes / (BYTES * inner * 4)) * 4)
}

export function needsShards([inner, outer]: readonly [number, number], mostBytes: number): boolean {
  return outer % 4 !== 0 || outer > outputsOfShard(inner, mostBytes)
}

export function createShards(
  request: PackRequest,
  { bias, mostBytes }: { readonly bias: Float32Array | null; readonly mostBytes: number },
): Shard[] {
  const [inner, outer] = request.shape
  const most = outputsOfShard(inner, mostBytes)
  return Array.from({ length: Math.ceil(outer / most) }, (_, index): Shard => {
    const from = index * most
    const count = Math.min(most, outer - from)
    const filled = Math.ceil(count / 4) * 4
    const part = { from, count, filled }
    const w = pack({
      ...request,
      weight: outputsOf(request, part),
      shape: [inner, filled],
      outputScale: request.outputScale && filledPart(request.outputScale, part),
    })
    return { w, b: bias && tensor1d(filledPart(bias, part)), from, count }
  })
}

type Part = { readonly from: number; readonly count: number; readonly filled: number }

function filledPart(values: Float32Array, { from, count, filled }: Part): Float32Array<ArrayBuffer> {
  const out = new Float32Array(filled)
  out.set(values.subarray(from, from + count))
  return out
}

function outputsOf({ weight, shape, layout }: PackRequest, { from, count, filled }: Part): Float32Array {
  const [inner, outer] = shape
  if (layout === 'out-in') {
    const rows = weight.subarray(from * inner, (from + count) * inner)
    if (filled === count) return rows
    const out = new Float32Array(filled * inner)
    out.set(rows)
    return out
  }
  const out = new Float32Array(inner * filled)
  for (let row = 0; row < inner; row++) {
    out.set(weight.subarray(row * outer + from, row * outer + from + count), row * filled)
  }
  return out
}

/** x `[n, in]` to `[n, out]`. */
export function shardsForward(x: Tensor2D, shards: readonly Shard[]): Tensor2D {
  const parts = shards.map(({ w, b, count }) => {
    const y = wgslLinear(allColumns(x), w, { bias: b })
    return count === w.outer ? y : slice(y, [0, 0], [x.shape[0], count])
  })
  return concat(parts, 1)
}

/** dy `[n, out]` to dx `[n, in]`. */
export function shardsBackward(dy: Tensor2D, shards: readonly Shard[]): Tensor2D {
  const rows = dy.shape[0]
  const parts = shards.map(({ w, from, count }) => {
    const own = slice(dy, [0, from], [rows, count])
    const filled: Tensor2D =
      count === w.outer
        ? own
        : pad(own, [
            [0, 0],
            [0, w.outer - count],
          ])
    return wgslLinearBackward(allColumns(filled), w)
  })
  return addN(parts)
}
