import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epsilonOf, epsilonOfRuns } from '../../../../workers/privacy/accountant/accountant.ts'
import { affordableSteps, calibrateSigma } from '../../../../workers/privacy/accountant/calibrate.ts'
import { vectors } from './vectors.ts'

describe('σ for a wished ε', () => {
  test.each(vectors.calibration)('$id: holds it, and is hardly more than needed', (vector) => {
    const run = { delta: vector.delta, sampleRate: vector.q, steps: vector.steps }
    const sigma = calibrateSigma({ ...run, epsilon: vector.target_eps })
    expect(sigma).toBeGreaterThanOrEqual(vector.sigma_exact)
    expect(sigma).toBeLessThanOrEqual(vector.sigma_pld * (1 + 1e-4))
    expect(epsilonOf({ ...run, sigma })).toBeLessThanOrEqual(vector.target_eps)
    expect(Number(sigma.toPrecision(6))).toBe(sigma)
  })

  test('a calibrated σ holds the wished ε, whatever it is', () => {
    const runs = fc.record({
      sampleRate: fc.double({ min: 1e-2, max: 1, noNaN: true }),
      steps: fc.integer({ min: 1, max: 1_000 }),
      delta: fc.double({ min: 1e-9, max: 1e-3, noNaN: true }),
    })
    fc.assert(
      fc.property(runs, fc.double({ min: 0.2, max: 30, noNaN: true }), (run, epsilon) => {
        const sigma = calibrateSigma({ ...run, epsilon })
        expect(sigma === Infinity ? 0 : epsilonOf({ ...run, sigma })).toBeLessThanOrEqual(epsilon)
      }),
      { numRuns: 5, seed: 5 },
    )
  })

  test('an ε that would take absurd noise has no σ', () => {
    expect(calibrateSigma({ epsilon: 1e-4, delta: 1e-9, sampleRate: 1, steps: 100_000 })).toBe(Infinity)
  })

  test.each([0, -1, Number.NaN, Infinity])('refuses ε = %f', (epsilon) => {
    expect(() => calibrateSigma({ epsilon, delta: 1e-5, sampleRate: 0.1, steps: 10 })).toThrow(RangeError)
  })
})

describe('steps for a wished ε', () => {
  const run = { sigma: 1.1, sampleRate: 0.02 }
  const budget = { epsilon: 3, delta: 1e-5 }

  test('are the most that hold it', () => {
    const steps = affordableSteps({ ...run, ...budget })
    expect(epsilonOf({ ...run, steps, delta: 1e-5 })).toBeLessThanOrEqual(3)
    expect(epsilonOf({ ...run, steps: Math.ceil(steps * 1.001) + 1, delta: 1e-5 })).toBeGreaterThan(3)
  })

  test('are fewer after other runs on the same rows', () => {
    const spent = [{ sigma: 2, sampleRate: 0.1, steps: 100 }]
    const steps = affordableSteps({ ...run, ...budget, spent })
    expect(steps).toBeGreaterThan(0)
    expect(steps).toBeLessThan(affordableSteps({ ...run, ...budget }))
    expect(epsilonOfRuns([...spent, { ...run, steps }], 1e-5)).toBeLessThanOrEqual(3)
  })

  test('are none where the budget is gone, and without a limit where nothing is spent', () => {
    const spent = [{ sigma: 0.5, sampleRate: 1, steps: 10 }]
    expect(affordableSteps({ ...run, ...budget, spent })).toBe(0)
    expect(affordableSteps({ sigma: 0, sampleRate: 0.5, ...budget })).toBe(0)
    expect(affordableSteps({ sigma: 1, sampleRate: 0, ...budget })).toBe(Infinity)
  })
})
