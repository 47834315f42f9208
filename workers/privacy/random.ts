/** Where the bits of noise, batches and coins come from. */

/** A stream of uniform random bytes. Production code passes {@link cryptoRandom}; tests may pass bytes of their own. */
export interface RandomSource {
  fill(bytes: Uint8Array<ArrayBuffer>): void
}

/** WebCrypto refuses more in one call. */
const SLICE_BYTES = 65_536

/** The browser's and Node's cryptographically secure generator. */
export const cryptoRandom: RandomSource = {
  fill(bytes) {
    for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
      crypto.getRandomValues(bytes.subarray(start, start + SLICE_BYTES))
    }
  },
}

/** Pairs of 32-bit words that {@link forEachPair} draws at once: one WebCrypto call. */
const PAIRS = SLICE_BYTES / 8

/** Calls `visit` with i = 0..count-1 and two fresh uniform 32-bit words each. */
export function forEachPair(
  random: RandomSource,
  count: number,
  visit: (i: number, high: number, low: number) => void,
): void {
  for (let start = 0; start < count; start += PAIRS) {
    const pairs = Math.min(PAIRS, count - start)
    const words = new Uint32Array(filled(random, new Uint8Array(8 * pairs)).buffer)
    for (let i = 0; i < pairs; i += 1) visit(start + i, words[2 * i] ?? 0, words[2 * i + 1] ?? 0)
  }
}

/** 64 fresh uniform bits as a whole number. */
export function random64(random: RandomSource): bigint {
  return new DataView(filled(random, new Uint8Array(8)).buffer).getBigUint64(0)
}

function filled(random: RandomSource, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  random.fill(bytes)
  return bytes
}
