import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { noiseRatio, rightGuesses, variationOfBudget, variationOfRun } from '../../../src/features/privacy/odds.ts'
import type { PrivacyPlan, TuningPlan } from '../../../workers/protocol/tuning.ts'

/** Standard normal distribution function by its series: exact to 1e-12 for |x| below 5. */
function normal(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < 200; n++) {
    term *= (x * x) / (2 * n + 1)
    sum += term
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}

/** Exact TV of one step: only a row that is drawn moves the output. */
const oneStep = (q: number, sigma: number) => q * (2 * normal(1 / (2 * sigma)) - 1)

const PRIVACY: PrivacyPlan = {
  epsilon: 8,
  delta: 1e-5,
  sigma: 0.62,
  clipNorm: 0.1,
  epsilonPlanned: 8,
  heldOutSigma: 2.5,
  heldOutEvaluations: 11,
  accountant: 'test',
}

function planOf(privacy: PrivacyPlan | null): TuningPlan {
  return {
    task: { template: '{text}', labels: { a: ['a'], b: ['b'] }, initText: 'a or b' },
    promptLength: 20,
    batchSize: 256,
    steps: 100,
    learningRate: 0.02,
    optimizer: 'adam',
    checkpointEvery: 5,
    trainRows: 9_500,
    sampleRate: 256 / 9_500,
    privacy,
  }
}

describe('variationOfRun', () => {
  it('equals the total variation of the Gaussian mechanism where every row takes part', () => {
    for (const [sigma, steps] of [
      [1, 1],
      [2, 9],
      [0.7, 3],
    ] as const) {
      const exact = 2 * normal(Math.sqrt(steps) / (2 * sigma)) - 1
      expect(variationOfRun({ sampleRate: 1, steps, sigma })).toBeCloseTo(exact, 6)
    }
  })

  it('is never below the exact variation of one step', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.99, noNaN: true }),
        fc.double({ min: 0.3, max: 8, noNaN: true }),
        (q, sigma) => {
          expect(variationOfRun({ sampleRate: q, steps: 1, sigma })).toBeGreaterThanOrEqual(oneStep(q, sigma) - 1e-9)
        },
      ),
    )
  })

  it('grows with steps and falls with noise', () => {
    const run = { sampleRate: 0.03, steps: 100, sigma: 0.7 }
    const base = variationOfRun(run)
    expect(variationOfRun({ ...run, steps: 200 })).toBeGreaterThan(base)
    expect(variationOfRun({ ...run, sigma: 1.4 })).toBeLessThan(base)
    expect(variationOfRun({ ...run, sigma: 0 })).toBe(1)
  })
})

describe('rightGuesses', () => {
  it('is all of them without privacy and half of them for a vanishing budget', () => {
    expect(rightGuesses(planOf(null))).toBe(100)
    expect(variationOfBudget(0, 0)).toBe(0)
    expect(variationOfBudget(Math.log(3), 0)).toBeCloseTo(0.5, 12)
  })

  it('takes the part that shows more, and never more than the budget allows', () => {
    const held = 50 * (1 + variationOfRun({ sampleRate: 1, steps: 11, sigma: 2.5 }))
    expect(rightGuesses(planOf(PRIVACY))).toBe(Math.ceil(held))
    expect(rightGuesses(planOf({ ...PRIVACY, epsilonPlanned: 0.1 }))).toBeLessThanOrEqual(53)
    expect(rightGuesses(planOf({ ...PRIVACY, heldOutEvaluations: 0, heldOutSigma: 0 }))).toBeLessThan(Math.ceil(held))
  })
})

describe('noiseRatio', () => {
  it('compares the noise of a step with the longest mean of its rows', () => {
    expect(noiseRatio(planOf(PRIVACY), 256)).toBeCloseTo((0.62 * Math.sqrt(20 * 256)) / 256, 12)
    expect(noiseRatio(planOf(null), 256)).toBe(0)
  })
})
