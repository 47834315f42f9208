/**
 * How far figures lie from the law that they should follow, as p-values: the chance that a sound mechanism looks at
 * least as odd. Tests of noise and sampling, here and in `tests/`, are made of these.
 */
import { erfc } from '../accountant/special.ts'

/** P[Z > x] of a standard normal Z. */
export function upperTail(x: number): number {
  return erfc(x / Math.SQRT2) / 2
}

/** P[|Z| > |z|]. */
export function twoSided(z: number): number {
  return Number.isNaN(z) ? 0 : erfc(Math.abs(z) / Math.SQRT2)
}

/**
 * z of a sample variance, known to have mean 0, against `variance`; `kurtosis` is the law's own, 3 for a Gaussian.
 */
export function varianceScore(values: Float64Array, variance: number, kurtosis = 3): number {
  const squares = values.reduce((sum, value) => sum + value * value, 0) / values.length
  return (squares / variance - 1) / Math.sqrt((kurtosis - 1) / values.length)
}

/** z of a sample mean of independent values. */
export function meanScore(
  values: Float64Array,
  { mean, variance }: { readonly mean: number; readonly variance: number },
): number {
  const sum = values.reduce((total, value) => total + value, 0)
  return (sum - values.length * mean) / Math.sqrt(values.length * variance)
}

/**
 * z of a mean of squares that should be 1, each of variance `spread`: chi-square with as many degrees as give it that
 * variance, through the cube root of Wilson and Hilferty (1931), which is good far into both tails.
 */
export function dispersionScore(meanSquare: number, { count, spread = 2 }: { count: number; spread?: number }): number {
  const width = spread / (9 * count)
  return (Math.cbrt(meanSquare) - (1 - width)) / Math.sqrt(width)
}

/** Pearson's statistic of counts against expected ones, as a z on as many degrees as there are free counts. */
export function fitScore(observed: readonly number[], expected: readonly number[]): number {
  const freedom = observed.length - 1
  const statistic = observed.reduce((sum, count, i) => sum + (count - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 0), 0)
  return dispersionScore(statistic / freedom, { count: freedom })
}

/**
 * p-value of Kolmogorov and Smirnov for values that should follow `distribution`, by Stephens' finite-size form of the
 * limit law (good within a few percent from 35 values on).
 */
export function kolmogorovSmirnov(values: Float64Array, distribution: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort()
  const { length } = sorted
  let distance = 0
  for (let i = 0; i < length; i += 1) {
    const below = distribution(sorted[i] ?? 0)
    distance = Math.max(distance, below - i / length, (i + 1) / length - below)
  }
  const root = Math.sqrt(length)
  return limitLaw((root + 0.12 + 0.11 / root) * distance)
}

/** P[K > x] of Kolmogorov's distribution: 2 Σ (-1)^(k-1) e^(-2k²x²). */
function limitLaw(x: number): number {
  // Below, the sum is 1 to ten digits and its terms fall slowly.
  if (x < 0.3) return 1
  let sum = 0
  for (let k = 1; k <= 20; k += 1) sum += (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * x * x)
  return Math.min(1, Math.max(0, 2 * sum))
}
