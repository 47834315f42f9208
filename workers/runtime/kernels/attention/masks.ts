/** Masks that are added to attention scores: 0 where a query may look, MASKED where it may not. */

/** Far below any score, and finite: exp of it is 0 in float32, and it never makes a NaN. */
const MASKED = -1e9

/** Causal mask `[T, P + T]`: each of T tokens sees the whole prefix of P rows, itself and what stands before it. */
export function causalMask(length: number, prefixRows: number): Float32Array {
  return seenMask(ownSeen(length), length, prefixRows)
}

/** Of each of T tokens: how many of them it sees where it sees itself and what stands before it. */
export function ownSeen(length: number): Int32Array {
  return Int32Array.from({ length }, (_, position) => position + 1)
}

/** Mask `[queries, P + T]`: each sees the whole prefix and the first `seen` of its text's tokens. */
export function seenMask(seen: Int32Array, length: number, prefixRows: number): Float32Array {
  const columns = prefixRows + length
  const mask = new Float32Array(seen.length * columns)
  seen.forEach((count, query) => mask.fill(MASKED, query * columns + prefixRows + count, (query + 1) * columns))
  return mask
}
