/** The statistics by themselves, and of a million draws of what is shipped. */
import { describe, expect, test } from 'vitest'
import {
  dispersionScore,
  fitScore,
  kolmogorovSmirnov,
  meanScore,
  twoSided,
  upperTail,
  varianceScore,
} from '../../../../workers/privacy/audit/statistics.ts'
import { addRoundedGaussian } from '../../../../workers/privacy/noise.ts'
import { cryptoRandom } from '../../../../workers/privacy/random.ts'
import { poissonSample } from '../../../../workers/privacy/sampler.ts'

/** Below, chance is no explanation any more. */
const UNBELIEVABLE = 1e-9

const evenly = (count: number) => Float64Array.from({ length: count }, (_, i) => (i + 0.5) / count)

describe('p-values', () => {
  test('of a z', () => {
    expect(twoSided(1.959964)).toBeCloseTo(0.05, 6)
    expect(twoSided(-5.997807)).toBeCloseTo(2e-9, 12)
    expect(twoSided(Number.NaN)).toBe(0)
    expect(upperTail(1.644854)).toBeCloseTo(0.05, 6)
  })

  test('of a chi-square, in both tails', () => {
    // 95 % and 99.9999 % points of 10 degrees of freedom, and the 1 % point of 100.
    expect(upperTail(dispersionScore(18.307 / 10, { count: 10 }))).toBeCloseTo(0.05, 2)
    expect(upperTail(dispersionScore(47.34 / 10, { count: 10 })) / 1e-6).toBeGreaterThan(0.5)
    expect(upperTail(-dispersionScore(70.065 / 100, { count: 100 }))).toBeCloseTo(0.01, 3)
  })

  test('of Kolmogorov and Smirnov: values in even steps lie 1/2n off, shifted ones by their shift', () => {
    expect(kolmogorovSmirnov(evenly(1000), (x) => x)).toBe(1)
    // D = 0.0505 of 1,000 values: λ = 1.603, p = 2 e^(-2 λ²).
    expect(kolmogorovSmirnov(evenly(1000), (x) => Math.min(1, x + 0.05))).toBeCloseTo(0.0117, 3)
    expect(kolmogorovSmirnov(evenly(1000), (x) => Math.min(1, x + 0.2))).toBeLessThan(1e-30)
  })

  test('of mean and variance', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : -1))
    expect(meanScore(values, { mean: 0.1, variance: 1 })).toBeCloseTo(-2, 10)
    expect(varianceScore(values, 1)).toBeCloseTo(0, 10)
    expect(varianceScore(values, 0.5)).toBeCloseTo(Math.sqrt(200), 10)
  })
})

describe('a million draws', () => {
  test.each([0.8, 2.3, 17])('of noise with s = %f: every integer as often as it should be', (std) => {
    const draws = new Float64Array(1_000_000)
    addRoundedGaussian(draws, std, cryptoRandom)
    // Integers up to the last that is expected often enough to be counted by itself; the rest counts as one on each side.
    const reach = Math.floor(4 * std)
    const tail = (k: number): number => draws.length * upperTail((k + 0.5) / std)
    const places = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach)
    const observed = [...places.map(() => 0), 0, 0]
    for (const value of draws) {
      const place = value > reach ? places.length : value < -reach ? places.length + 1 : value + reach
      observed[place] = (observed[place] ?? 0) + 1
    }
    const expected = [...places.map((k) => tail(k - 1) - tail(k)), tail(reach), tail(reach)]
    expect(twoSided(fitScore(observed, expected))).toBeGreaterThan(UNBELIEVABLE)
  })

  test('of coins: batch sizes follow the binomial law', () => {
    const [rows, q, batches] = [200, 0.05, 5_000]
    const candidates = Uint32Array.from({ length: rows }, (_, row) => row)
    const most = 25
    const observed = Array.from({ length: most + 1 }, () => 0)
    for (let i = 0; i < batches; i += 1) {
      const size = Math.min(most, poissonSample(candidates, q, cryptoRandom).length)
      observed[size] = (observed[size] ?? 0) + 1
    }
    let chance = (1 - q) ** rows
    const expected = observed.map((_, size) => {
      const own = batches * chance
      chance *= ((rows - size) / (size + 1)) * (q / (1 - q))
      return own
    })
    // The last place holds all larger sizes; places that are hardly ever hit go together with it.
    expected[most] = batches - expected.slice(0, most).reduce((a, b) => a + b)
    const isRare = expected.map((count) => count < 5)
    const merged = (counts: readonly number[]): number[] => [
      ...counts.filter((_, size) => isRare[size] === false),
      counts.filter((_, size) => isRare[size] === true).reduce((a, b) => a + b, 0),
    ]
    expect(twoSided(fitScore(merged(observed), merged(expected)))).toBeGreaterThan(UNBELIEVABLE)
  })
})
