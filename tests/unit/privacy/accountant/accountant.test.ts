import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountOf, epsilonOf, epsilonOfRuns } from '../../../../workers/privacy/accountant/accountant.ts'
import { exactEpsilon } from '../../../../workers/privacy/accountant/contour.ts'
import { roughEpsilonOf } from '../../../../workers/privacy/accountant/solve.ts'
import { rdpEpsilon, workOf } from '../../../../workers/privacy/accountant/runs.ts'
import { momentBound, momentsOf } from '../../../../workers/privacy/accountant/work.ts'
import { runsOf, vectors } from './vectors.ts'

const RUN = { sigma: 1, sampleRate: 0.0152, steps: 330, delta: 1e-5 }

/** What the certified figure may be above the exact one: the tolerance of the grid. */
const TIGHT = 1e-4
/** The same for a small ε, absolute. */
const BELOW = 1e-5

describe('against reference accountants', () => {
  test.each(vectors.cases)('$id: never below the exact ε and hardly above, in each direction', (vector) => {
    const account = accountOf(runsOf(vector.parts), vector.delta)
    const isOrdinary = vector.eps_exact_method === 'contour'
    for (const [epsilon, exact, contour] of [
      [account.epsilonRemove, vector.eps_exact_remove, account.contourRemove],
      [account.epsilonAdd, vector.eps_exact_add, account.contourAdd],
    ] as const) {
      expect(epsilon).toBeGreaterThanOrEqual(exact * (1 - 1e-8))
      expect(epsilon).toBeLessThanOrEqual(exact * (1 + (isOrdinary ? TIGHT : 1e-3)) + BELOW)
      if (contour !== null) expect(Math.abs(contour / exact - 1)).toBeLessThan(1e-8)
    }
    expect(account.epsilon).toBe(Math.max(account.epsilonRemove, account.epsilonAdd))
    expect(account.epsilon).toBeLessThanOrEqual(account.rdpEpsilon)
    // Google's figure is a bound as well, of a finer grid in some cases and a coarser one in others.
    expect(account.epsilon).toBeLessThanOrEqual(vector.eps_pld * (1 + 1e-3))
  })

  test.each(vectors.cases.slice(0, 12))('$id: the quick way comes to the same', (vector) => {
    const runs = runsOf(vector.parts)
    expect(epsilonOfRuns(runs, vector.delta)).toBe(accountOf(runs, vector.delta).epsilon)
  })

  test('the exact value is there to check the grid by, but for a few tiny rates', () => {
    const unchecked = vectors.cases.filter(({ parts, delta }) => {
      const work = workOf(runsOf(parts))
      const moments = momentsOf(work, 'remove')
      return exactEpsilon(work, 'remove', { moments, delta, near: momentBound(moments, delta) }) === null
    })
    expect(unchecked.length).toBeLessThanOrEqual(4)
  })

  test.each(vectors.cases)('$id: Rényi divergences give an upper bound, as tight as the reference', (vector) => {
    const epsilon = rdpEpsilon(runsOf(vector.parts), vector.delta)
    expect(epsilon).toBeGreaterThanOrEqual(vector.eps_exact)
    expect(epsilon).toBeLessThanOrEqual(vector.eps_rdp * (1 + 1e-8))
    // Opacus sums the signed series, over the same orders but 11: below it only where that order is the best one.
    expect(epsilon).toBeLessThanOrEqual(vector.eps_rdp_opacus * (1 + 1e-8))
    if (vector.rdp_order !== 11) expect(epsilon).toBeGreaterThan(vector.eps_rdp_opacus * (1 - 1e-6))
  })

  test.each(vectors.gaussian)('$id: the Gaussian mechanism without sampling', (vector) => {
    const epsilon = epsilonOf({ sigma: vector.sigma, sampleRate: 1, steps: vector.steps, delta: vector.delta })
    expect(epsilon).toBeGreaterThanOrEqual(vector.eps_exact * (1 - 1e-12))
    expect(epsilon).toBeLessThanOrEqual(vector.eps_exact * (1 + 1e-11))
  })
})

describe('properties', () => {
  const runs = fc.record({
    sigma: fc.double({ min: 0.5, max: 20, noNaN: true }),
    sampleRate: fc.double({ min: 1e-4, max: 1, noNaN: true }),
    steps: fc.integer({ min: 1, max: 5_000 }),
    delta: fc.double({ min: 1e-9, max: 1e-3, noNaN: true }),
  })
  // Each figure is above the truth by at most the tolerance of its own grid.
  const slack = 1 + TIGHT

  test('more steps, a higher rate, less noise or a smaller δ never lower ε', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const epsilon = epsilonOf(run)
        expect(epsilonOf({ ...run, steps: run.steps + 1 }) * slack + BELOW).toBeGreaterThanOrEqual(epsilon)
        expect(
          epsilonOf({ ...run, sampleRate: Math.min(1, run.sampleRate * 1.1) }) * slack + BELOW,
        ).toBeGreaterThanOrEqual(epsilon)
        expect(epsilonOf({ ...run, sigma: run.sigma * 0.9 }) * slack + BELOW).toBeGreaterThanOrEqual(epsilon)
        expect(epsilonOf({ ...run, delta: run.delta * 0.5 }) * slack + BELOW).toBeGreaterThanOrEqual(epsilon)
      }),
      { numRuns: 4, seed: 3 },
    )
  })

  test('sampling never costs more than taking every row', () => {
    fc.assert(
      fc.property(runs, (run) => {
        expect(epsilonOf(run)).toBeLessThanOrEqual(epsilonOf({ ...run, sampleRate: 1 }) * slack + BELOW)
      }),
      { numRuns: 6, seed: 4 },
    )
  })

  test('the certified figure is never below the exact one', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const exact = roughEpsilonOf(run.delta)(workOf([run]))
        const epsilon = epsilonOf(run)
        expect(epsilon).toBeGreaterThanOrEqual(exact * (1 - 1e-8))
        expect(epsilon).toBeLessThanOrEqual(exact * (1 + 2 * TIGHT) + 1e-5)
      }),
      { numRuns: 5, seed: 6 },
    )
  })
})

describe('several runs', () => {
  const half = { sigma: 0.8, sampleRate: 0.02, steps: 100 }
  const other = { sigma: 1.5, sampleRate: 0.1, steps: 40 }

  test('order does not matter, and equal runs are one longer run', () => {
    expect(epsilonOfRuns([half, other], 1e-5)).toBeCloseTo(epsilonOfRuns([other, half], 1e-5), 9)
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

  test('every combination of extremes has an ε', () => {
    for (const sigma of [5e-324, 1e-9, 1 / 16, 1, 1e9, 1e300]) {
      for (const sampleRate of [1e-310, 1e-9, 0.5, 1]) {
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
})
