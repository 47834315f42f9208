import { describe, expect, test } from 'vitest'
import {
  type ContributionPlan,
  GRID_NORM,
  LOSS_BOUND,
  addContribution,
  contributionLength,
} from '../../../workers/privacy/contribution.ts'
import { cryptoRandom } from '../../../workers/privacy/random.ts'
import { releaseStep, StepNoise } from '../../../workers/privacy/release.ts'
import { errorOf } from '../model/support.ts'
import { seededRandom } from './support.ts'

/** Noise of this σ is far below a grid step's worth of what is compared. */
const FAINT = 2 ** -14

function sumOf(
  plan: ContributionPlan,
  count: number,
  gradient: Float32Array,
  loss: number,
  right: number,
): Float64Array {
  const sum = new Float64Array(contributionLength(plan))
  for (let i = 0; i < count; i += 1) addContribution(plan, { gradient, loss, correct: i < right ? 1 : 0 }, sum)
  return sum
}

describe('one released step', () => {
  const plan = { size: 64, clipNorm: 0.5 }
  const gradient = Float32Array.from({ length: 64 }, (_, i) => 0.04 * Math.cos(i))

  test('unscales to the mean over the expected batch', () => {
    const sum = sumOf(plan, 40, gradient, 1.3, 30)
    const release = releaseStep(plan, sum, { sigma: FAINT, expectedBatch: 40, random: seededRandom(1) })
    expect(release.loss).toBeCloseTo(1.3, 2)
    expect(release.accuracy).toBeCloseTo(0.75, 2)
    expect(release.clipped).toBeCloseTo(0, 2)
    for (const [i, value] of release.gradient.entries()) expect(value).toBeCloseTo(gradient[i] ?? 0, 3)
  })

  test('divides by the expected size, whatever the sampled one', () => {
    const sum = sumOf(plan, 20, gradient, LOSS_BOUND, 20)
    const release = releaseStep(plan, sum, { sigma: FAINT, expectedBatch: 40, random: seededRandom(2) })
    for (const [i, value] of release.gradient.entries()) expect(value).toBeCloseTo((gradient[i] ?? 0) / 2, 3)
    // Half the expected rows, all right: as far above one half as half a batch carries it.
    expect(release.accuracy).toBeCloseTo(0.75, 2)
  })

  test('clips: one example of any length moves the mean by at most C / B', () => {
    const long = gradient.map((value) => value * 1e6)
    const release = releaseStep(plan, sumOf(plan, 1, long, 0, 1), {
      sigma: FAINT,
      expectedBatch: 10,
      random: seededRandom(3),
    })
    expect(Math.hypot(...release.gradient)).toBeCloseTo(0.05, 3)
    // One clipped unit where ten were expected: 0.5 + 0.5/10.
    expect(release.clipped).toBeCloseTo(0.55, 2)
  })

  test('an empty sample is released as noise alone, of deviation σ C √1.03 / B on every coordinate', () => {
    const wide = { size: 40_000, clipNorm: 0.5 }
    const sum = new Float64Array(contributionLength(wide))
    const release = releaseStep(wide, sum, { sigma: 1.7, expectedBatch: 32, random: seededRandom(4) })
    const variance = release.gradient.reduce((total, value) => total + value * value, 0) / wide.size
    const expected = ((1.7 * 0.5) / 32) ** 2 * 1.03
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.04)
    expect(release.accuracy).not.toBe(0.5)
    expect(release.loss).not.toBe(LOSS_BOUND / 2)
  })

  test('the curve figures carry noise of the same deviation', () => {
    const tiny = { size: 1, clipNorm: 1 }
    const random = seededRandom(5)
    const draws = 20_000
    let variance = 0
    for (let i = 0; i < draws; i += 1) {
      const { accuracy } = releaseStep(tiny, new Float64Array(4), { sigma: 1, expectedBatch: 100, random })
      variance += (accuracy - 0.5) ** 2 / draws
    }
    // σ √(1 + 3β²) / (2β B) with β = 0.1.
    expect(Math.abs(variance / (Math.sqrt(1.03) / 20) ** 2 - 1)).toBeLessThan(0.06)
  })

  test('what is released is the sum plus integers: every value lies on the grid', () => {
    const sum = sumOf(plan, 7, gradient, 1, 3)
    const { accuracy } = releaseStep(plan, sum, { sigma: 1, expectedBatch: 10, random: cryptoRandom })
    const steps = (accuracy - 0.5) * 10 * ((0.2 * GRID_NORM * (1 - 1e-4)) / Math.sqrt(1.03))
    expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6)
  })

  test('leaves the sum alone and draws afresh each time', () => {
    const sum = sumOf(plan, 7, gradient, 1, 3)
    const before = Float64Array.from(sum)
    const options = { sigma: 1, expectedBatch: 10, random: cryptoRandom }
    expect(releaseStep(plan, sum, options).gradient).not.toEqual(releaseStep(plan, sum, options).gradient)
    expect(sum).toEqual(before)
  })

  test('takes noise that was drawn before, once', () => {
    const sum = sumOf(plan, 3, gradient, 1, 2)
    const noise = new StepNoise(plan, 1, seededRandom(6))
    const drawnLater = releaseStep(plan, sum, { sigma: 1, expectedBatch: 10, random: seededRandom(6) })
    expect(noise.release(sum, 10)).toEqual(drawnLater)
    errorOf('internal', () => noise.release(sum, 10))
  })

  test('refuses a sum that was not quantised, and numbers out of range', () => {
    const options = { sigma: 1, expectedBatch: 10, random: cryptoRandom }
    errorOf('internal', () => releaseStep(plan, new Float64Array(67).fill(0.5), options))
    errorOf('internal', () => releaseStep(plan, new Float64Array(67).fill(Number.NaN), options))
    errorOf('internal', () => releaseStep(plan, new Float64Array(66), options))
    errorOf('privacy-argument', () => releaseStep(plan, new Float64Array(67), { ...options, sigma: 0 }))
    errorOf('privacy-argument', () => releaseStep(plan, new Float64Array(67), { ...options, expectedBatch: 0 }))
  })
})
