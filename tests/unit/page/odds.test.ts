import { describe, expect, it } from 'vitest'
import { inHundred, noiseRatio, rightGuesses } from '../../../src/features/privacy/odds.ts'
import type { PrivacyPlan, TuningPlan } from '../../../workers/protocol/tuning.ts'

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

describe('figures in a hundred', () => {
  it('round up, since they are upper bounds, and not beyond a hundred', () => {
    expect([0, 0.01, 0.0101, 0.5, 0.778, 1].map(inHundred)).toEqual([0, 1, 2, 50, 78, 100])
  })

  it('are all of them without privacy', () => {
    expect(rightGuesses(null)).toBe(100)
    expect(rightGuesses({ rightGuesses: 0.5471, recognised: [], person: null })).toBe(55)
  })
})

describe('noiseRatio', () => {
  it('compares the noise of a step with the longest mean of its rows', () => {
    expect(noiseRatio(planOf(PRIVACY), 256)).toBeCloseTo((0.62 * Math.sqrt(20 * 256)) / 256, 12)
    expect(noiseRatio(planOf(null), 256)).toBe(0)
  })
})
