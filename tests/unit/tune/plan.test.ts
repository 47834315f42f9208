import { describe, expect, test } from 'vitest'
import { epsilonOf } from '../../../workers/privacy/accountant/accountant.ts'
import type { TuningRequest } from '../../../workers/protocol/tuning.ts'
import { makePlan, requestOf } from '../../../workers/tune/plan.ts'
import { epsilonSpentAfter, evaluationSteps, learningRateAt } from '../../../workers/tune/schedule.ts'
import { errorOf } from '../model/support.ts'
import { TASK } from './support.ts'

const BUDGET = { epsilon: 8, delta: 1e-5 }
const FACTS = { task: TASK, trainRows: 2_000, heldOutRows: 200 }

describe('a plan', () => {
  test('fills in what was not asked for, and keeps what was', () => {
    const plan = makePlan({ budget: BUDGET, steps: 12, learningRate: 0.5, optimizer: 'sgd' }, FACTS)
    expect(plan).toMatchObject({ steps: 12, learningRate: 0.5, optimizer: 'sgd', trainRows: 2_000, task: TASK })
    expect(plan.sampleRate).toBe(plan.batchSize / 2_000)
    expect(plan.privacy).toMatchObject(BUDGET)
  })

  test.each([1, 2, 7, 40, 1_000, 10_000, 50_000])('suits %i rows', (trainRows) => {
    for (const budget of [BUDGET, null]) {
      const plan = makePlan({ budget }, { task: TASK, trainRows, heldOutRows: 0 })
      expect(plan.batchSize).toBeGreaterThanOrEqual(1)
      expect(plan.batchSize).toBeLessThanOrEqual(trainRows)
      expect(Number.isInteger(plan.batchSize)).toBe(true)
      expect(plan.sampleRate).toBe(plan.batchSize / trainRows)
      if (budget === null) expect(plan.privacy).toBeNull()
      else expect(plan.privacy?.epsilonPlanned).toBeLessThanOrEqual(8)
    }
  })

  test('is what the request of its own numbers gives', () => {
    for (const budget of [BUDGET, null]) {
      const plan = makePlan({ budget, checkpointEvery: 3 }, FACTS)
      expect(makePlan(requestOf(plan), FACTS)).toEqual(plan)
    }
  })
})

describe('refuses', () => {
  test.each<Partial<TuningRequest>>([
    { promptLength: 0 },
    { promptLength: 2.5 },
    { promptLength: 5_000 },
    { steps: 0 },
    { steps: Infinity },
    { steps: 1e9 },
    { learningRate: 0 },
    { learningRate: -0.1 },
    { learningRate: Number.NaN },
    { learningRate: 1_000 },
    { checkpointEvery: 0 },
    { checkpointEvery: 1.5 },
  ])('%o', (wrong) => {
    for (const budget of [BUDGET, null]) {
      const { message } = errorOf('bad-request', () => makePlan({ budget, ...wrong }, FACTS))
      expect(message).toMatch(/must be .*, got /)
    }
  })

  test.each<Partial<TuningRequest>>([
    { batchSize: 0 },
    { batchSize: 2_001 },
    { batchSize: 1.5 },
    { clipNorm: 0 },
    { clipNorm: -1 },
    { budget: { epsilon: 0, delta: 1e-5 } },
    { budget: { epsilon: Number.NaN, delta: 1e-5 } },
    { budget: { epsilon: 8, delta: 1 / 2_200 } },
  ])('%o', (wrong) => {
    errorOf('privacy-argument', () => makePlan({ budget: BUDGET, ...wrong }, FACTS))
  })

  test('a clip norm without privacy, and a file without rows to train on', () => {
    errorOf('privacy-argument', () => makePlan({ budget: null, clipNorm: 1 }, FACTS))
    errorOf('bad-request', () => makePlan({ budget: BUDGET }, { ...FACTS, trainRows: 0 }))
  })
})

describe('the schedule', () => {
  const plan = makePlan({ budget: BUDGET, steps: 40, learningRate: 0.2 }, FACTS)

  test('falls along a cosine from the learning rate to 0', () => {
    expect(learningRateAt(plan, 0)).toBe(0.2)
    expect(learningRateAt(plan, 20)).toBeCloseTo(0.1, 12)
    expect(learningRateAt(plan, 39)).toBeGreaterThan(0)
    expect(learningRateAt(plan, 40)).toBeCloseTo(0, 12)
  })

  test('evaluates no more often than the noise covers, first before the first step and last after the last', () => {
    for (const steps of [1, 3, 20, 40, 173]) {
      const shorter = makePlan({ budget: BUDGET, steps }, FACTS)
      const places = [...evaluationSteps(shorter)]
      expect(places.length).toBeLessThanOrEqual(shorter.privacy?.heldOutEvaluations ?? 0)
      expect(places.at(-1)).toBe(steps)
      expect(places[0]).toBe(0)
    }
  })

  test('a single look is at what the run ends with', () => {
    const few = makePlan({ budget: BUDGET, steps: 40 }, { ...FACTS, heldOutRows: 30 })
    expect(few.privacy?.heldOutEvaluations).toBe(1)
    expect([...evaluationSteps(few)]).toEqual([40])
  })

  test('evaluates nothing where the plan has no noise for it', () => {
    const without = makePlan({ budget: BUDGET }, { ...FACTS, heldOutRows: 0 })
    expect(evaluationSteps(without).size).toBe(0)
  })

  test('spends ε up to the plan, whichever part is ahead', () => {
    const spent = epsilonSpentAfter(plan)
    const { privacy, sampleRate } = plan
    if (privacy === null) throw new Error('planned without DP')
    expect(spent(0)).toBe(0)
    let before = 0
    for (let steps = 1; steps <= 40; steps++) {
      const epsilon = spent(steps) ?? Number.NaN
      expect(epsilon).toBeGreaterThanOrEqual(before)
      const train = epsilonOf({ sigma: privacy.sigma, sampleRate, steps, delta: 1e-5 })
      const looks = [...evaluationSteps(plan)].filter((place) => Math.max(1, place) <= steps).length
      const heldOut = epsilonOf({ sigma: privacy.heldOutSigma, sampleRate: 1, steps: looks, delta: 1e-5 })
      expect(Math.abs(epsilon - Math.max(train, heldOut))).toBeLessThan(1e-3)
      before = epsilon
    }
    expect(before).toBe(privacy.epsilonPlanned)
    expect(epsilonSpentAfter(makePlan({ budget: null }, FACTS))(7)).toBeNull()
  })
})
