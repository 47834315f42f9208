/** Rows of row-major matrices. */
import type { Encoded } from '../task/types.ts'

/** A new matrix of the rows at `places`, in that order. */
export function gatherRows(values: Float32Array, places: readonly number[], width: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(places.length * width)
  for (const [row, place] of places.entries()) {
    out.set(values.subarray(place * width, (place + 1) * width), row * width)
  }
  return out
}

/** Puts the rows of `rows` at `places` of `out`. */
export function scatterRows(
  out: Float32Array,
  { rows, places, width }: { readonly rows: Float32Array; readonly places: readonly number[]; readonly width: number },
): void {
  for (const [row, place] of places.entries()) out.set(rows.subarray(row * width, (row + 1) * width), place * width)
}

/** Rows of examples' read positions in a matrix that has all of them, example after example. */
export type ReadRows = {
  /** Of the examples at `places`, in that order. */
  of(places: readonly number[]): readonly number[]
  /** Of all of them. */
  readonly count: number
}

export function readRows(examples: readonly Pick<Encoded, 'read'>[]): ReadRows {
  let count = 0
  const starts = examples.map(({ read }) => {
    const start = count
    count += read.length
    return start
  })
  return {
    of: (places) => places.flatMap((place) => examples[place]?.read.map((_, at) => (starts[place] ?? 0) + at) ?? []),
    count,
  }
}
