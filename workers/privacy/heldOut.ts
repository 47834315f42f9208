/** Figures on held-out rows: counts with noise. */
import { SoftpostError } from '../protocol/errors.ts'
import { addRoundedGaussian } from './noise.ts'
import type { RandomSource } from './random.ts'

/**
 * Counts [true class][predicted class] with an independent rounded Gaussian of deviation `sigma` (in rows) on each. One
 * row changes one count by one, so the sensitivity is 1. Small counts may turn negative: cutting them off at 0 would
 * add up to a bias.
 *
 * @throws SoftpostError `privacy-argument` for a `sigma` out of range, `internal` for counts that are not whole numbers.
 */
export function noisyConfusion(
  counts: readonly (readonly number[])[],
  sigma: number,
  random: RandomSource,
): number[][] {
  return counts.map((row) => {
    if (!row.every(Number.isSafeInteger)) {
      throw new SoftpostError('internal', 'noisyConfusion: a count is not a whole number')
    }
    const noised = Float64Array.from(row)
    addRoundedGaussian(noised, sigma, random)
    return [...noised]
  })
}
