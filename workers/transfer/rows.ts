/** Rows of row-major matrices. */

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
