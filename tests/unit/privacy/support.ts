import type { RandomSource } from '../../../workers/privacy/random.ts'

/** Bytes of a small seeded generator (mulberry32), so that a statistical test always sees the same draws. */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return (word ^ (word >>> 14)) >>> 0
  }
  return {
    fill(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      let at = 0
      for (; at + 4 <= bytes.length; at += 4) view.setUint32(at, next())
      for (; at < bytes.length; at += 1) view.setUint8(at, next() & 0xff)
    },
  }
}

/** `bytes`, filled by `random`. */
export function bytesFrom(random: RandomSource, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  random.fill(bytes)
  return bytes
}

/** Exactly these bytes, then a complaint: to put a draw where chance would never put it. */
export function scriptedBytes(script: readonly number[]): RandomSource & { readonly left: () => number } {
  let at = 0
  return {
    fill(bytes) {
      if (at + bytes.length > script.length) throw new Error(`the script has no ${bytes.length} bytes left`)
      bytes.set(script.slice(at, at + bytes.length))
      at += bytes.length
    },
    left: () => script.length - at,
  }
}

/** Pearson's statistic of observed counts against expected ones. */
export function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, i) => sum + (count - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 0), 0)
}

/**
 * The value that chi-square with `freedom` degrees exceeds with probability 10^-6 (Wilson and Hilferty's cube; within
 * 1 % from 5 degrees on).
 */
export function chiSquareLimit(freedom: number): number {
  const spread = 2 / (9 * freedom)
  return freedom * (1 - spread + 4.753424 * Math.sqrt(spread)) ** 3
}
