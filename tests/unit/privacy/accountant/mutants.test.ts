import { describe, expect, test } from 'vitest'
import { type Account, accountOf, epsilonOf } from '../../../../workers/privacy/accountant/accountant.ts'
import { calibrateSigma } from '../../../../workers/privacy/accountant/calibrate.ts'
import type { Run } from '../../../../workers/privacy/accountant/runs.ts'
import { runsOf, vectors } from './vectors.ts'

/** Accountants with a mistake that has been made somewhere; the rules below must tell each from the real one. */
const MUTANTS: readonly (readonly [name: string, mutant: typeof accountOf])[] = [
  ['the remove direction for both', (runs, delta) => both(accountOf(runs, delta), 'epsilonRemove')],
  ['the add direction for both', (runs, delta) => both(accountOf(runs, delta), 'epsilonAdd')],
  ['a rate from too many rows', (runs, delta) => accountOf(withRate(runs, 0.99), delta)],
  ['one step too few', (runs, delta) => accountOf(withSteps(runs, -1), delta)],
  ['the last run alone', (runs, delta) => accountOf(runs.slice(-1), delta)],
  ['ε of the runs, the largest instead of all', (runs, delta) => largest(runs, delta)],
  ['σ for variance', (runs, delta) => accountOf(withVariance(runs), delta)],
  ['the bound by Rényi divergences', (runs, delta) => both(accountOf(runs, delta), 'rdpEpsilon')],
  ['a δ ten times as large', (runs, delta) => accountOf(runs, 10 * delta)],
]

const both = (account: Account, of: 'epsilonRemove' | 'epsilonAdd' | 'rdpEpsilon'): Account => ({
  ...account,
  epsilon: account[of],
  epsilonRemove: account[of],
  epsilonAdd: account[of],
})
const withRate = (runs: readonly Run[], factor: number): Run[] =>
  runs.map((run) => ({ ...run, sampleRate: run.sampleRate * factor }))
const withSteps = (runs: readonly Run[], more: number): Run[] =>
  runs.map((run) => ({ ...run, steps: run.steps + more }))
const withVariance = (runs: readonly Run[]): Run[] => runs.map((run) => ({ ...run, sigma: run.sigma ** 2 }))

function largest(runs: readonly Run[], delta: number): Account {
  const accounts = runs.map((run) => accountOf([run], delta))
  const [first] = accounts.toSorted((a, b) => b.epsilon - a.epsilon)
  if (first === undefined) throw new Error('no runs')
  return first
}

/** Two ordinary cases, and two of several runs. */
const CASES = [
  ...vectors.cases.filter(({ id }) => ['P01', 'P10'].includes(id)),
  ...vectors.cases
    .filter(({ parts, eps_exact_method: method }) => method === 'contour' && parts.length > 1)
    .slice(0, 2),
]

/** Rules that figures break, over all cases: below the exact value, or far above it, in either direction. */
function broken(accountant: typeof accountOf): number {
  const violations = CASES.map(({ parts, delta, eps_exact_remove: remove, eps_exact_add: add }) => {
    const account = accountant(runsOf(parts), delta)
    const checks = [
      account.epsilonRemove >= remove * (1 - 1e-6),
      account.epsilonRemove <= remove * (1 + 1e-3),
      account.epsilonAdd >= add * (1 - 1e-6),
      account.epsilonAdd <= add * (1 + 1e-3),
      account.epsilon >= Math.max(remove, add) * (1 - 1e-6),
    ]
    return checks.filter((holds) => !holds).length
  })
  return violations.reduce((sum, count) => sum + count, 0)
}

describe('accountants with a mistake', () => {
  test('the real one breaks no rule', () => {
    expect(CASES).toHaveLength(4)
    expect(broken(accountOf)).toBe(0)
  })

  test.each(MUTANTS)('%s', (_, mutant) => {
    expect(broken(mutant)).toBeGreaterThan(0)
  })

  test('σ rounded to the nearest digit breaks the promise for some ε', () => {
    const run = { sampleRate: 0.0152, steps: 330, delta: 1e-5 }
    const exact = vectors.calibration.filter(({ id }) => ['PC01', 'PC02', 'PC03', 'PC04'].includes(id))
    const over = exact.filter(({ sigma_exact: sigma, q, target_eps: target }) => {
      return epsilonOf({ ...run, sampleRate: q, sigma: Number(sigma.toPrecision(6)) }) > target
    })
    expect(over.length).toBeGreaterThan(0)
    for (const { q, target_eps: target } of exact) {
      const calibrated = { ...run, sampleRate: q }
      const sigma = calibrateSigma({ ...calibrated, epsilon: target })
      expect(epsilonOf({ ...calibrated, sigma })).toBeLessThanOrEqual(target)
    }
  })
})
