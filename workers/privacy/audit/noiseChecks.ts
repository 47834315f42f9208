/** Whether integers look like the rounded Gaussian that they should be: whole, of the right size, shape and tails. */
import type { Check } from '../../protocol/audit.ts'
import { checkOf, checkOfFact } from './checks.ts'
import { kolmogorovSmirnov, meanScore, twoSided, upperTail, varianceScore } from './statistics.ts'

/** Deviations beyond which draws are counted one by one: a table that ends early shows here and nowhere else. */
const FAR = [3, 4] as const

/**
 * Checks of independent draws of round(std · Z), for a `std` so wide that its rounding is far below what so many draws
 * can tell: from 100 on for 10^6.
 */
export function checkNoise(draws: Float64Array, std: number): Check[] {
  const scaled = draws.map((value) => value / std)
  return [
    checkOfFact('whole-numbers', draws.every(Number.isSafeInteger)),
    checkOf('noise-size', twoSided(meanScore(scaled, { mean: 0, variance: 1 })), twoSided(varianceScore(scaled, 1))),
    checkOf(
      'noise-shape',
      kolmogorovSmirnov(scaled, (x) => upperTail(-x)),
      // Of Z⁴: mean 3, variance 105 - 9.
      twoSided(
        meanScore(
          scaled.map((value) => value ** 4),
          { mean: 3, variance: 96 },
        ),
      ),
    ),
    checkOf('noise-tails', ...FAR.flatMap((limit) => [farChance(scaled, limit), farChance(scaled, -limit)])),
    checkOf('noise-fresh', twoSided(neighbourScore(scaled))),
  ]
}

/** p-value of how many draws lie beyond `limit`, on its side of 0: a Poisson count, through its square root. */
function farChance(scaled: Float64Array, limit: number): number {
  const expected = scaled.length * upperTail(Math.abs(limit))
  const count = scaled.reduce((sum, value) => sum + (value / limit > 1 ? 1 : 0), 0)
  return twoSided(2 * (Math.sqrt(count + 3 / 8) - Math.sqrt(expected + 3 / 8)))
}

/** z of the products of neighbours, which have mean 0 where draws are independent. */
function neighbourScore(scaled: Float64Array): number {
  const products = scaled.slice(1).map((value, i) => value * (scaled[i] ?? 0))
  return meanScore(products, { mean: 0, variance: 1 })
}
