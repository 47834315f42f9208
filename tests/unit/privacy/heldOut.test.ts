import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COUNT_STEPS, countUnits, noisyCounts } from '../../../workers/privacy/heldOut.ts'
import { cryptoRandom } from '../../../workers/privacy/random.ts'
import { errorOf } from '../model/support.ts'
import { seededRandom } from './support.ts'

const answer = fc.record({ truth: fc.nat({ max: 3 }), predicted: fc.nat({ max: 3 }) })
const units = fc.array(fc.array(answer, { minLength: 1, maxLength: 12 }), { maxLength: 8 })

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

describe('held-out counts', () => {
  test('a row counts as one, a person as one as well, however many rows it has', () => {
    const row = [{ truth: 0, predicted: 1 }]
    const person = [
      { truth: 0, predicted: 0 },
      { truth: 1, predicted: 1 },
      { truth: 1, predicted: 0 },
      { truth: 1, predicted: 1 },
    ]
    expect(countUnits([row, row], 2)).toEqual([
      [0, 2 * COUNT_STEPS],
      [0, 0],
    ])
    expect(countUnits([person, row], 2)).toEqual([
      [COUNT_STEPS / 4, COUNT_STEPS],
      [COUNT_STEPS / 4, COUNT_STEPS / 2],
    ])
  })

  test('one unit more or less moves them by at most COUNT_STEPS, in whole steps', () => {
    fc.assert(
      fc.property(units, fc.array(answer, { minLength: 1, maxLength: 40 }), (others, own) => {
        const without = countUnits(others, 4).flat()
        const change = countUnits([...others, own], 4)
          .flat()
          .map((count, at) => count - (without[at] ?? 0))
        expect(change.every((step) => Number.isSafeInteger(step) && step >= 0)).toBe(true)
        // The L2 norm of what is not negative is at most its sum.
        expect(sum(change)).toBeLessThanOrEqual(COUNT_STEPS)
        expect(sum(change)).toBeGreaterThan(COUNT_STEPS - own.length)
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  test('each gets whole noise of deviation σ units', () => {
    const counts = Array.from({ length: 100 }, (_, i) =>
      Array.from({ length: 100 }, (_, j) => COUNT_STEPS * (i === j ? 30 : 1)),
    )
    const noisy = noisyCounts(counts, 3, seededRandom(6))
    const noise = noisy.flatMap((row, i) => row.map((count, j) => count - (counts[i]?.[j] ?? 0)))
    expect(noise).toHaveLength(10_000)
    expect(noise.every(Number.isSafeInteger)).toBe(true)
    const variance = sum(noise.map((value) => (value / COUNT_STEPS) ** 2)) / noise.length
    // Five standard deviations of a variance of 10,000 values, and of their mean.
    expect(Math.abs(variance / 9 - 1)).toBeLessThan(0.071)
    expect(Math.abs(sum(noise) / COUNT_STEPS / noise.length)).toBeLessThan(0.15)
  })

  test('refuse no noise, and counts that are none', () => {
    errorOf('privacy-argument', () => noisyCounts([[1]], 0, cryptoRandom))
    errorOf('internal', () => noisyCounts([[0.5]], 1, cryptoRandom))
  })
})
