import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epsilonOfRuns } from '../../../../workers/privacy/accountant/accountant.ts'
import { epsilonUnderFilter } from '../../../../workers/privacy/accountant/filter.ts'
import { composedEpsilon, evaluationsWithin, ruleFor, type Charge } from '../../../../workers/privacy/ledger/spent.ts'
import { evaluationSteps } from '../../../../workers/tune/schedule.ts'
import { linearRows, planOf } from '../../tune/support.ts'
import { MECHANISM } from './support.ts'

const charge = (more: Partial<Charge> = {}): Charge => ({
  mechanism: MECHANISM,
  dealer: 'a',
  series: crypto.randomUUID(),
  stepsSpent: 0,
  isOver: false,
  ...more,
})
const { sigma, sampleRate, steps } = MECHANISM
const train = { sigma, sampleRate, steps }
const counts = { sigma: 20, sampleRate: 1, steps: 4 }

describe('ε of several runs', () => {
  test('is that of the worse side, which a unit keeps under one dealer', () => {
    const both = composedEpsilon([charge({ series: 'x' }), charge({ series: 'x' })], 1e-5)
    expect(both).toBe(Math.max(epsilonOfRuns([train, train], 1e-5), epsilonOfRuns([counts, counts], 1e-5)))
  })

  test('counts every combination of sides where coins were dealt twice', () => {
    const noisyTrain = charge({ mechanism: { ...MECHANISM, sigma: 50 }, dealer: 'b', series: 'x' })
    const heldOut = { sigma: 4_000, evaluations: 4 }
    const noisyCounts = charge({ mechanism: { ...MECHANISM, heldOut }, series: 'x' })
    // Trained on under a, held out under b: neither dealer's own worst side alone.
    const mixed = epsilonOfRuns([train, counts], 1e-5)
    expect(composedEpsilon([noisyCounts, noisyTrain], 1e-5)).toBe(mixed)
    expect(composedEpsilon([noisyCounts, { ...noisyTrain, dealer: 'a' }], 1e-5)).toBeLessThan(mixed)
    const many = Array.from({ length: 6 }, (_, dealer) => charge({ dealer: String(dealer), series: 'x' }))
    const sum = epsilonOfRuns(Array.from({ length: 6 }, () => [train, counts]).flat(), 1e-5)
    expect(composedEpsilon(many, 1e-5)).toBe(sum)
  })

  test.each(['x', null])(
    'never falls with one more, and of fixed plans the order plays no part (series %s)',
    (series) => {
      const some = fc.record({
        mechanism: fc.record({
          sigma: fc.double({ min: 0.5, max: 20, noNaN: true }),
          sampleRate: fc.double({ min: 0.001, max: 1, noNaN: true }),
          steps: fc.integer({ min: 1, max: 500 }),
          heldOut: fc.option(
            fc.record({
              sigma: fc.double({ min: 1, max: 99, noNaN: true }),
              evaluations: fc.integer({ min: 1, max: 20 }),
            }),
          ),
        }),
        dealer: fc.constantFrom('a', 'b'),
      })
      fc.assert(
        fc.property(fc.array(some, { minLength: 2, maxLength: 4 }), (parts) => {
          const charges = parts.map(({ mechanism, ...rest }) =>
            charge({ ...rest, mechanism: { ...MECHANISM, ...mechanism }, ...(series === null ? {} : { series }) }),
          )
          const whole = composedEpsilon(charges, 1e-5)
          if (series !== null) expect(composedEpsilon(charges.toReversed(), 1e-5)).toBeCloseTo(whole, 6)
          // Two figures by loss distributions may each be above the truth by their own grid's tolerance.
          expect(composedEpsilon(charges.slice(0, -1), 1e-5)).toBeLessThanOrEqual(whole * (1 + 1e-4) + 1e-5)
        }),
        { numRuns: 5 },
      )
    },
  )

  test('follows the plans while all of them were fixed before the first', () => {
    expect(ruleFor([])).toBe('fixed-plans')
    expect(ruleFor([charge({ series: 'x' }), charge({ series: 'x' })])).toBe('fixed-plans')
    expect(ruleFor([charge({ series: 'x' }), charge({ series: 'y' })])).toBe('renyi-filter')
    const stopped = charge({ isOver: true, stepsSpent: 10 })
    expect(composedEpsilon([stopped], 1e-5)).toBe(composedEpsilon([charge()], 1e-5))
    const after = composedEpsilon([stopped, charge()], 1e-5)
    expect(after).toBe(epsilonUnderFilter([{ ...train, steps: 10 }, train], 1e-5))
  })

  test('takes one run alone by its plan, since its stop may follow from what it showed', () => {
    // Trained on, nothing of note; held out, the first run ended before its first step and the second in the middle.
    const mechanism = { ...MECHANISM, sigma: 500, heldOut: { sigma: 2, evaluations: 4 } }
    const early = charge({ mechanism, isOver: true, stepsSpent: 0 })
    const half = charge({ mechanism, isOver: true, stepsSpent: steps / 2 })
    expect(composedEpsilon([early, half], 1e-5)).toBe(epsilonOfRuns([{ ...counts, sigma: 2 }], 1e-5))
  })
})

test('counts evaluations as they are made', () => {
  const rows = linearRows(1_500)
  const plan = planOf(rows, { budget: { epsilon: 8, delta: 1e-5 }, steps: 17 })
  const evaluations = plan.privacy?.heldOutEvaluations ?? 0
  expect(evaluations).toBeGreaterThan(3)
  const mechanism = { ...MECHANISM, steps: 17, heldOut: { sigma: 1, evaluations } }
  for (let spent = 0; spent <= 17; spent++) {
    const places = [...evaluationSteps(plan)].filter((place) => Math.max(1, place) <= spent).length
    expect(evaluationsWithin(spent, mechanism)).toBe(places)
  }
})

test('never counts fewer evaluations than a run has made, whatever its plan', () => {
  const evaluationsOf = fc.integer({ min: 1, max: 20 })
  const stepsOf = fc.integer({ min: 1, max: 400 })
  const plan = planOf(linearRows(1_500), { budget: { epsilon: 8, delta: 1e-5 }, steps: 17 })
  fc.assert(
    fc.property(evaluationsOf, stepsOf, (evaluations, steps) => {
      const privacy = plan.privacy && { ...plan.privacy, heldOutEvaluations: evaluations }
      const places = [...evaluationSteps({ steps, privacy })]
      const mechanism = { ...MECHANISM, steps, heldOut: { sigma: 1, evaluations } }
      for (let spent = 0; spent <= steps; spent++) {
        const made = places.filter((place) => Math.max(1, place) <= spent).length
        expect(evaluationsWithin(spent, mechanism)).toBeGreaterThanOrEqual(made)
        // As runs were evaluated before there was a look at the start.
        expect(evaluationsWithin(spent, mechanism)).toBeGreaterThanOrEqual(Math.floor((spent * evaluations) / steps))
      }
      expect(evaluationsWithin(steps, mechanism)).toBe(evaluations)
    }),
  )
})
