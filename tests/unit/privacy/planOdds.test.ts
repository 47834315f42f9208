import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { attackBound } from '../../../workers/privacy/accountant/attack.ts'
import { epsilonOfGroup } from '../../../workers/privacy/accountant/group.ts'
import { normalTail } from '../../../workers/privacy/accountant/special.ts'
import { oddsOf } from '../../../workers/privacy/planOdds.ts'
import { planPrivacy } from '../../../workers/privacy/plan.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'

const DELTA = 1e-5

/** How often the best test is right about the plain Gaussian, and how many it finds: exact. */
const gaussianGuesses = (mu: number) => 1 - normalTail(mu / 2)
function gaussianHits(mu: number, falseAlarms: number): number {
  let [low, high] = [-40, 40]
  while (high - low > 1e-12) {
    const middle = (low + high) / 2
    if (normalTail(middle) > falseAlarms) low = middle
    else high = middle
  }
  return normalTail(low - mu)
}

describe('what an attack can reach', () => {
  test.each([0.1, 0.5, 1, 2, 4])('on the plain Gaussian is its own test, closely (μ = %f)', (mu) => {
    const bound = attackBound([{ sampleRate: 1, sigma: 3 / mu, steps: 9 }], DELTA)
    expect(bound.rightGuesses).toBeGreaterThanOrEqual(gaussianGuesses(mu))
    expect(bound.rightGuesses).toBeLessThan(gaussianGuesses(mu) + 1e-9)
    for (const falseAlarms of [0.001, 0.01, 0.1, 0.5]) {
      const exact = gaussianHits(mu, falseAlarms)
      expect(bound.hitsAt(falseAlarms)).toBeGreaterThanOrEqual(exact - 1e-12)
      expect(bound.hitsAt(falseAlarms)).toBeLessThan(exact + 1e-3)
    }
  })

  test('on one sampled step is never less than its exact test', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.99, noNaN: true }),
        fc.double({ min: 0.4, max: 8, noNaN: true }),
        (q, sigma) => {
          // Only a unit that is drawn moves the output.
          const exact = (1 + q * (1 - 2 * normalTail(1 / (2 * sigma)))) / 2
          const { rightGuesses } = attackBound([{ sampleRate: q, sigma, steps: 1 }], DELTA)
          expect(rightGuesses).toBeGreaterThanOrEqual(exact - 1e-12)
          expect(rightGuesses).toBeLessThan(exact + 1e-3)
        },
      ),
      { numRuns: 15, seed: 2 },
    )
  })

  test('grows with steps, falls with noise, and finds no fewer for more false alarms', () => {
    const run = { sampleRate: 0.03, sigma: 0.7, steps: 100 }
    const [base, longer, quieter] = [run, { ...run, steps: 200 }, { ...run, sigma: 1.4 }].map((one) =>
      attackBound([one], DELTA),
    )
    expect(longer?.rightGuesses).toBeGreaterThan(base?.rightGuesses ?? 1)
    expect(quieter?.rightGuesses).toBeLessThan(base?.rightGuesses ?? 0)
    const hits = [0, 0.01, 0.05, 0.25, 1].map((share) => base?.hitsAt(share) ?? 0)
    expect(hits).toEqual(hits.toSorted((a, b) => a - b))
    expect(hits.at(-1)).toBe(1)
  })

  test('is chance where nothing was done, and certain without noise or beyond what is computed', () => {
    expect(attackBound([], DELTA).rightGuesses).toBe(0.5)
    expect(attackBound([], DELTA).hitsAt(0.1)).toBe(0.1)
    expect(attackBound([{ sampleRate: 0.5, sigma: 0, steps: 1 }], DELTA).rightGuesses).toBe(1)
    expect(attackBound([{ sampleRate: 0.5, sigma: 0.01, steps: 1 }], DELTA).hitsAt(0.1)).toBe(1)
  })
})

function planOf(epsilon: number, more: Partial<TuningPlan> = {}): TuningPlan {
  const [sampleRate, steps] = [0.064, 100]
  return {
    task: { template: '{text}', labels: { a: ['a'], b: ['b'] }, initText: 'a or b' },
    promptLength: 20,
    batchSize: 128,
    steps,
    learningRate: 0.02,
    optimizer: 'adam',
    checkpointEvery: 5,
    trainRows: 2_000,
    sampleRate,
    privacy: planPrivacy({
      epsilon,
      delta: DELTA,
      trainRows: 2_000,
      sampleRate,
      steps,
      clipNorm: 0.1,
      heldOutRows: 200,
    }),
    ...more,
  }
}

describe('the odds of a plan', () => {
  const plan = planOf(4)
  const odds = oddsOf(plan)
  const train = { sampleRate: 0.064, sigma: plan.privacy?.sigma ?? 0, steps: 100 }
  const heldOut = {
    sampleRate: 1,
    sigma: plan.privacy?.heldOutSigma ?? 0,
    steps: plan.privacy?.heldOutEvaluations ?? 0,
  }

  test('are those of the part that shows more', () => {
    const bounds = [train, heldOut].map((run) => attackBound([run], DELTA))
    expect(odds?.rightGuesses).toBe(Math.max(...bounds.map(({ rightGuesses }) => rightGuesses)))
    for (const { falseAlarms, most } of odds?.recognised ?? []) {
      expect(most).toBe(Math.max(...bounds.map(({ hitsAt }) => hitsAt(falseAlarms))))
    }
    expect(odds?.recognised).toHaveLength(4)
  })

  test('count the rows of a person in the worst way in which they can fall', () => {
    const allTrained = epsilonOfGroup([{ ...train, rows: 3 }], DELTA)
    const allHeldOut = epsilonOfGroup([{ ...heldOut, rows: 3 }], DELTA)
    expect(odds?.person?.rows).toBe(3)
    expect(odds?.person?.epsilon).toBeGreaterThanOrEqual(Math.max(allTrained, allHeldOut))
    expect(odds?.person?.epsilon).toBeGreaterThan(2 * 4)
  })

  test('need no such figure where persons are the unit, and are none without privacy', () => {
    expect(oddsOf(planOf(4, { maxRowsPerPerson: 3 }))?.person).toBeNull()
    expect(oddsOf(planOf(4, { privacy: null }))).toBeNull()
  })

  test('get better with a smaller ε', () => {
    expect(oddsOf(planOf(1))?.rightGuesses).toBeLessThan(odds?.rightGuesses ?? 0)
  })
})
