import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  calibrateSigma,
  epsilonAfter,
  epsilonOf,
  epsilonOfRuns,
} from '../../../../workers/privacy/accountant/accountant.ts'

type Part = { readonly q: number; readonly sigma: number; readonly steps: number }
type Vectors = {
  readonly cases: readonly {
    readonly id: string
    readonly parts: readonly Part[]
    readonly delta: number
    readonly eps_exact: number
    readonly eps_rdp: number
    readonly rdp_order: number
    readonly eps_rdp_opacus: number
  }[]
  readonly gaussian: readonly {
    readonly id: string
    readonly sigma: number
    readonly steps: number
    readonly delta: number
    readonly eps_exact: number
    readonly eps_rdp: number
  }[]
  readonly calibration: readonly {
    readonly id: string
    readonly q: number
    readonly steps: number
    readonly delta: number
    readonly target_eps: number
    readonly sigma_exact: number
    readonly sigma_rdp: number
  }[]
}

// The fields are described in the file; this test is their only reader.
const vectors = JSON.parse(readFileSync(new URL('../../../golden/dp/vectors.json', import.meta.url), 'utf8')) as Vectors

function composedEpsilon(parts: readonly Part[], delta: number): number {
  return epsilonOfRuns(
    parts.map(({ q, ...run }) => ({ ...run, sampleRate: q })),
    delta,
  )
}

const RUN = { sigma: 1, sampleRate: 0.0152, steps: 330, delta: 1e-5 }

describe('against reference accountants', () => {
  test.each(vectors.cases)('$id: at least the exact ε, at most the reference RDP', (vector) => {
    const epsilon = composedEpsilon(vector.parts, vector.delta)
    expect(epsilon).toBeGreaterThanOrEqual(vector.eps_exact)
    expect(epsilon).toBeLessThanOrEqual(vector.eps_rdp * (1 + 1e-8))
    // Opacus sums the signed series, over the same orders but 11: below it only where that order is the best one.
    expect(epsilon).toBeLessThanOrEqual(vector.eps_rdp_opacus * (1 + 1e-8))
    if (vector.rdp_order !== 11) expect(epsilon).toBeGreaterThan(vector.eps_rdp_opacus * (1 - 1e-6))
  })

  test.each(vectors.cases.filter(({ parts }) => parts.length === 1))('$id: one mechanism by itself', (vector) => {
    for (const { q, sigma, steps } of vector.parts) {
      const alone = epsilonOf({ sigma, sampleRate: q, steps, delta: vector.delta })
      expect(alone).toBeCloseTo(composedEpsilon(vector.parts, vector.delta), 10)
    }
  })

  test.each(vectors.gaussian)('$id: the Gaussian mechanism without sampling', (vector) => {
    const epsilon = epsilonOf({ sigma: vector.sigma, sampleRate: 1, steps: vector.steps, delta: vector.delta })
    expect(epsilon).toBeGreaterThanOrEqual(vector.eps_exact)
    expect(epsilon).toBeLessThanOrEqual(vector.eps_rdp * (1 + 1e-6))
  })

  test.each(vectors.calibration)('$id: σ for a wished ε', (vector) => {
    const run = { delta: vector.delta, sampleRate: vector.q, steps: vector.steps }
    const sigma = calibrateSigma({ ...run, epsilon: vector.target_eps })
    expect(sigma).toBeGreaterThanOrEqual(vector.sigma_exact)
    expect(sigma).toBeLessThanOrEqual(vector.sigma_rdp * (1 + 1e-3))
    expect(epsilonOf({ ...run, sigma })).toBeLessThanOrEqual(vector.target_eps)
    expect(epsilonOf({ ...run, sigma: sigma * (1 - 1e-5) })).toBeGreaterThan(vector.target_eps)
  })
})

describe('properties', () => {
  const runs = fc.record({
    sigma: fc.double({ min: 0.3, max: 20, noNaN: true }),
    sampleRate: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    steps: fc.integer({ min: 1, max: 20_000 }),
    delta: fc.double({ min: 1e-9, max: 1e-3, noNaN: true }),
  })
  // Float rounding may turn two equal figures round.
  const slack = 1 + 1e-8

  test('more steps, a higher rate, less noise or a smaller δ never lower ε', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const epsilon = epsilonOf(run)
        expect(epsilonOf({ ...run, steps: run.steps + 1 }) * slack).toBeGreaterThanOrEqual(epsilon)
        expect(epsilonOf({ ...run, sampleRate: Math.min(1, run.sampleRate * 1.1) }) * slack).toBeGreaterThanOrEqual(
          epsilon,
        )
        expect(epsilonOf({ ...run, sigma: run.sigma * 0.9 }) * slack).toBeGreaterThanOrEqual(epsilon)
        expect(epsilonOf({ ...run, delta: run.delta * 0.5 }) * slack).toBeGreaterThanOrEqual(epsilon)
      }),
      { numRuns: 60, seed: 3 },
    )
  })

  test('sampling never costs more than taking every row', () => {
    fc.assert(
      fc.property(runs, (run) => {
        expect(epsilonOf(run)).toBeLessThanOrEqual(epsilonOf({ ...run, sampleRate: 1 }) * slack)
      }),
      { numRuns: 60, seed: 4 },
    )
  })

  test('a calibrated σ holds the wished ε', () => {
    fc.assert(
      fc.property(runs, fc.double({ min: 0.2, max: 30, noNaN: true }), (run, epsilon) => {
        const sigma = calibrateSigma({ ...run, epsilon })
        expect(sigma === Infinity ? 0 : epsilonOf({ ...run, sigma })).toBeLessThanOrEqual(epsilon)
      }),
      { numRuns: 15, seed: 5 },
    )
  })

  test('the figures after k steps are those of runs of k steps', () => {
    const after = epsilonAfter(RUN)
    for (const steps of [0, 1, 17, 330]) expect(after(steps)).toBe(epsilonOf({ ...RUN, steps }))
  })
})

describe('several runs', () => {
  const half = { sigma: 0.8, sampleRate: 0.02, steps: 100 }
  const other = { sigma: 1.5, sampleRate: 0.1, steps: 40 }

  test('order does not matter, and equal runs are one longer run', () => {
    expect(epsilonOfRuns([half, other], 1e-5)).toBeCloseTo(epsilonOfRuns([other, half], 1e-5), 10)
    expect(epsilonOfRuns([half, half], 1e-5)).toBeCloseTo(epsilonOf({ ...half, steps: 200, delta: 1e-5 }), 10)
  })

  test('each further run costs, but less than by itself', () => {
    const both = epsilonOfRuns([half, other], 1e-5)
    const alone = [half, other].map((run) => epsilonOf({ ...run, delta: 1e-5 }))
    expect(both).toBeGreaterThan(Math.max(...alone))
    expect(both).toBeLessThan(alone.reduce((sum, epsilon) => sum + epsilon, 0))
  })

  test('no run costs nothing, and one without noise costs everything', () => {
    expect(epsilonOfRuns([], 1e-5)).toBe(0)
    expect(epsilonOfRuns([{ ...half, steps: 0 }], 1e-5)).toBe(0)
    expect(epsilonOfRuns([half, { ...other, sigma: 0 }], 1e-5)).toBe(Infinity)
    expect(() => epsilonOfRuns([half, { ...other, sampleRate: 2 }], 1e-5)).toThrow(RangeError)
  })
})

describe('edges', () => {
  test('nothing done costs nothing, no noise costs everything', () => {
    expect(epsilonOf({ ...RUN, steps: 0 })).toBe(0)
    expect(epsilonOf({ ...RUN, sampleRate: 0 })).toBe(0)
    expect(epsilonOf({ ...RUN, sigma: 0 })).toBe(Infinity)
  })

  test.each([1e-300, 1e-9, 0.01, 1 / 17])('noise of σ = %f has a large ε', (sigma) => {
    expect(epsilonOf({ ...RUN, sigma })).toBeGreaterThan(1000)
  })

  test('the closed bound for the smallest σ lies above the quadrature beside it', () => {
    expect(epsilonOf({ ...RUN, sigma: 0.9999 / 16 })).toBeGreaterThanOrEqual(epsilonOf({ ...RUN, sigma: 1 / 16 }))
  })

  test('every combination of extremes has an ε', () => {
    for (const sigma of [5e-324, 1e-9, 1 / 16, 1, 1e9, 1e300]) {
      for (const sampleRate of [5e-324, 1e-310, 1e-9, 0.5, 1]) {
        for (const steps of [1, Number.MAX_SAFE_INTEGER]) {
          for (const delta of [5e-324, 1e-5, 1 - 2 ** -53]) {
            expect(epsilonOf({ sigma, sampleRate, steps, delta })).toBeGreaterThanOrEqual(0)
          }
        }
      }
    }
  })

  test('a negligible chance of one row costs nothing at δ', () => {
    expect(epsilonOf({ sigma: 1, sampleRate: 1e-12, steps: 1, delta: 1e-5 })).toBe(0)
  })

  test('an ε that would take absurd noise has no σ', () => {
    expect(calibrateSigma({ epsilon: 1e-4, delta: 1e-9, sampleRate: 1, steps: 100_000 })).toBe(Infinity)
  })

  test.each([
    { sigma: -1 },
    { sigma: Number.NaN },
    { sampleRate: 1.1 },
    { sampleRate: Number.NaN },
    { steps: 1.5 },
    { steps: -1 },
    { delta: 0 },
    { delta: 1 },
    { delta: Number.NaN },
  ])('refuses %o', (wrong) => {
    expect(() => epsilonOf({ ...RUN, ...wrong })).toThrow(RangeError)
  })

  test.each([0, -1, Number.NaN, Infinity])('refuses to calibrate for ε = %f', (epsilon) => {
    expect(() => calibrateSigma({ epsilon, delta: 1e-5, sampleRate: 0.1, steps: 10 })).toThrow(RangeError)
  })
})
