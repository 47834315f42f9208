import { describe, expect, test } from 'vitest'
import { ACCOUNTANT, epsilonOf } from '../../../workers/privacy/accountant/accountant.ts'
import { type PrivacyRequest, defaultDelta, planPrivacy } from '../../../workers/privacy/plan.ts'
import { errorOf } from '../model/support.ts'

const REQUEST: PrivacyRequest = {
  epsilon: 8,
  delta: 1e-5,
  trainRows: 2_000,
  sampleRate: 0.064,
  steps: 312,
  clipNorm: 0.5,
  heldOutRows: 300,
}

describe('a plan', () => {
  test.each([0.5, 1, 2, 4, 8, 16])('holds ε = %f, tightly', (epsilon) => {
    const plan = planPrivacy({ ...REQUEST, epsilon })
    const recomputed = epsilonOf({ sigma: plan.sigma, sampleRate: 0.064, steps: 312, delta: 1e-5 })
    expect(plan.epsilonPlanned).toBe(recomputed)
    expect(plan.epsilonPlanned).toBeLessThanOrEqual(epsilon)
    expect(plan.epsilonPlanned).toBeGreaterThan(epsilon * 0.9995)
    expect(plan).toMatchObject({ epsilon, delta: 1e-5, clipNorm: 0.5, accountant: ACCOUNTANT })
  })

  test.each([1, 49, 50, 51, 300, 5_000])('%i held-out rows: their counts cost no more than the run', (heldOutRows) => {
    const plan = planPrivacy({ ...REQUEST, heldOutRows })
    const spent = epsilonOf({ sigma: plan.heldOutSigma, sampleRate: 1, steps: plan.heldOutEvaluations, delta: 1e-5 })
    expect(spent).toBeLessThanOrEqual(plan.epsilonPlanned)
    expect(plan.heldOutEvaluations).toBeGreaterThan(0)
    expect(plan.heldOutEvaluations).toBeLessThanOrEqual(20)
  })

  test('many held-out rows allow twenty evaluations with noise of about three rows', () => {
    const plan = planPrivacy({ ...REQUEST, heldOutRows: 5_000 })
    expect(plan.heldOutEvaluations).toBe(20)
    expect(plan.heldOutSigma).toBeGreaterThan(2)
    expect(plan.heldOutSigma).toBeLessThan(3.5)
    const { heldOutRows: _, ...unknown } = REQUEST
    expect(planPrivacy(unknown).heldOutEvaluations).toBe(20)
  })

  test('a run that δ alone covers states the wish', () => {
    const run = { ...REQUEST, epsilon: 1e-4, steps: 1, sampleRate: 1e-6 }
    const plan = planPrivacy({ ...run, heldOutRows: 0 })
    expect(epsilonOf({ ...run, sigma: plan.sigma })).toBe(0)
    expect(plan.epsilonPlanned).toBe(1e-4)
  })

  test('no held-out rows plan no evaluation', () => {
    expect(planPrivacy({ ...REQUEST, heldOutRows: 0 })).toMatchObject({ heldOutEvaluations: 0, heldOutSigma: 0 })
  })
})

describe('δ', () => {
  test('is a round number that depends on the size alone', () => {
    expect([1, 10_000, 10_001, 900_000].map(defaultDelta)).toEqual([1e-5, 1e-5, 1e-6, 1e-6])
  })

  test('is refused from one in all rows on', () => {
    const error = errorOf('privacy-argument', () => planPrivacy({ ...REQUEST, delta: 1 / 2_300 }))
    expect(error.message).toContain('2300')
    expect(error.data).toEqual({ delta: 1 / 2_300, rows: 2_300 })
    expect(planPrivacy({ ...REQUEST, delta: 0.999 / 2_300 }).sigma).toBeGreaterThan(0)
  })
})

describe('refuses', () => {
  test.each<Partial<PrivacyRequest>>([
    { epsilon: 0 },
    { epsilon: -1 },
    { epsilon: Number.NaN },
    { epsilon: Infinity },
    { delta: 0 },
    { delta: 1 },
    { delta: Number.NaN },
    { trainRows: 0 },
    { trainRows: 1.5 },
    { heldOutRows: -1 },
    { sampleRate: 0 },
    { sampleRate: 1.01 },
    { steps: 0 },
    { steps: 2.5 },
    { clipNorm: 0 },
    { clipNorm: Infinity },
  ])('%o', (wrong) => {
    errorOf('privacy-argument', () => planPrivacy({ ...REQUEST, ...wrong }))
  })

  test('an ε that no useful noise reaches', () => {
    const error = errorOf('privacy-unreachable', () =>
      planPrivacy({ ...REQUEST, epsilon: 1e-4, delta: 1e-9, sampleRate: 1, steps: 100_000 }),
    )
    expect(error.data).toEqual({ epsilon: 1e-4, delta: 1e-9, steps: 100_000 })
  })
})
