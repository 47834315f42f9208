/** Figures on held-out units: counts with noise. */
import { SoftpostError } from '../protocol/errors.ts'
import { addRoundedGaussian } from './noise.ts'
import type { RandomSource } from './random.ts'

/** Steps of the grid on which counts are kept: whole numbers, also where a person's rows share what it adds. */
export const COUNT_STEPS = 2 ** 15

export type Answer = { readonly truth: number; readonly predicted: number }

/**
 * Counts [true class][predicted class] in steps of 1/COUNT_STEPS unit. Each unit adds the mean over its rows, rounded
 * down, so at most COUNT_STEPS in all: that is the sensitivity, whatever its rows say and however many it has.
 */
export function countUnits(
  units: readonly (readonly Answer[])[],
  classes: number,
  predictions: number = classes,
): number[][] {
  const counts = Array.from({ length: classes }, () => Array.from({ length: predictions }, () => 0))
  for (const answers of units) {
    const share = Math.floor(COUNT_STEPS / answers.length)
    for (const { truth, predicted } of answers) {
      const row = counts[truth]
      if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + share
    }
  }
  return counts
}

/**
 * Counts with an independent Gaussian of deviation `sigma` (in units) on each, on the same grid. Small ones may turn
 * negative: cutting them off at 0 would add up to a bias.
 *
 * @throws SoftpostError `privacy-argument` for a `sigma` out of range, `internal` for counts that are not whole numbers.
 */
export function noisyCounts(counts: readonly (readonly number[])[], sigma: number, random: RandomSource): number[][] {
  return counts.map((row) => {
    if (!row.every(Number.isSafeInteger)) {
      throw new SoftpostError('internal', 'noisyCounts: a count is not a whole number')
    }
    const noised = Float64Array.from(row)
    addRoundedGaussian(noised, sigma * COUNT_STEPS, random)
    return [...noised]
  })
}
