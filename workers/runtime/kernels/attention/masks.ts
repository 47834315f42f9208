/** Masks that are added to attention scores: 0 where a query may look, MASKED where it may not. */

/** Far below any score, and finite: exp of it is 0 in float32, and it never makes a NaN. */
const MASKED = -1e9

/** Causal mask `[T, P + T]`: each of T tokens sees the whole prefix of P rows, itself and what stands before it. */
export function causalMask(length: number, prefixRows: number): Float32Array {
  const columns = prefixRows + length
  const mask = new Float32Array(length * columns)
  for (let row = 0; row < length; row++) mask.fill(MASKED, row * columns + prefixRows + row + 1, (row + 1) * columns)
  return mask
}

/** Mask `[m, P + T]` of one query a text, at its read position. */
export function readMask(read: Int32Array, length: number, prefixRows: number): Float32Array {
  const columns = prefixRows + length
  const mask = new Float32Array(read.length * columns)
  read.forEach((position, text) => mask.fill(MASKED, text * columns + prefixRows + position + 1, (text + 1) * columns))
  return mask
}
