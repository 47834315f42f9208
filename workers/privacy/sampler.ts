/** Poisson sampling: what the accountant assumes, and nothing that only looks like it (shuffles, fixed sizes). */
import { SoftpostError } from '../protocol/errors.ts'
import { type RandomSource, forEachPair } from './random.ts'

/**
 * Each candidate is in the sample independently with probability `q`, rounded down to a multiple of 2^-53, so that the
 * accountant's q is never exceeded. Order is kept; an empty sample is a sample.
 *
 * One exact comparison per row rather than gaps through logarithms: 8 bytes a row, and no float rounding to argue about.
 *
 * @throws SoftpostError `privacy-argument` when `q` does not lie in [0, 1].
 */
export function poissonSample(candidates: Uint32Array, q: number, random: RandomSource): Uint32Array<ArrayBuffer> {
  const sample: number[] = []
  forEachCoin(candidates.length, q, random, (i, heads) => {
    if (heads) sample.push(candidates[i] ?? 0)
  })
  return Uint32Array.from(sample)
}

/**
 * One independent coin per row: 1 (held out) with `probability`, else 0.
 *
 * @throws SoftpostError `privacy-argument` when `probability` does not lie in [0, 1].
 */
export function heldOutCoins(rows: number, probability: number, random: RandomSource): Uint8Array<ArrayBuffer> {
  const coins = new Uint8Array(rows)
  forEachCoin(rows, probability, random, (i, heads) => {
    coins[i] = heads ? 1 : 0
  })
  return coins
}

function forEachCoin(
  count: number,
  probability: number,
  random: RandomSource,
  visit: (i: number, heads: boolean) => void,
): void {
  if (!(probability >= 0 && probability <= 1)) {
    throw new SoftpostError('privacy-argument', `a probability must lie in [0, 1], got ${probability}`)
  }
  // Both sides are whole numbers of at most 2^53, so nothing is rounded.
  const threshold = Math.floor(probability * 2 ** 53)
  forEachPair(random, count, (i, high, low) => visit(i, (high >>> 11) * 2 ** 32 + low < threshold))
}
