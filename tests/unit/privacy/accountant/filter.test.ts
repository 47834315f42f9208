import { describe, expect, test } from 'vitest'
import { epsilonOf, epsilonOfRuns } from '../../../../workers/privacy/accountant/accountant.ts'
import { calibrateSigma } from '../../../../workers/privacy/accountant/calibrate.ts'
import { epsilonUnderFilter } from '../../../../workers/privacy/accountant/filter.ts'
import { type Run, rdpEpsilon } from '../../../../workers/privacy/accountant/runs.ts'

const DELTA = 1e-5
const plan = { sampleRate: 256 / 9_500, steps: 100 }
const runOf = (epsilon: number): Run => ({ ...plan, sigma: calibrateSigma({ ...plan, epsilon, delta: DELTA }) })
const [one, two, eight] = [runOf(1), runOf(2), runOf(8)]

describe('ε of runs that were chosen on the way', () => {
  test.each<readonly [string, readonly Run[]]>([
    ['twice the same', [eight, eight]],
    ['three times', [eight, eight, eight]],
    ['more noise first', [one, eight]],
    ['less noise first', [eight, one]],
    ['many', [one, two, one, eight, two]],
  ])('%s: above that of fixed plans, and not far above the best order', (_, runs) => {
    const epsilon = epsilonUnderFilter(runs, DELTA)
    expect(epsilon).toBeGreaterThan(epsilonOfRuns(runs, DELTA))
    expect(epsilon).toBeGreaterThan(rdpEpsilon(runs, DELTA))
    expect(epsilon).toBeLessThan(rdpEpsilon(runs, DELTA) * 1.25)
  })

  test('the orders follow from the first run alone', () => {
    // Were they chosen by the whole, a second run could not make the rest of the order matter.
    const runs = [eight, one]
    expect(epsilonUnderFilter(runs, DELTA)).not.toBe(epsilonUnderFilter(runs.toReversed(), DELTA))
  })

  test('each further run costs', () => {
    const runs = [two, one, one, eight]
    for (let count = 1; count < runs.length; count += 1) {
      const before = epsilonUnderFilter(runs.slice(0, count), DELTA)
      expect(epsilonUnderFilter(runs.slice(0, count + 1), DELTA)).toBeGreaterThan(before)
    }
  })

  test('a single run has nothing to follow from, and none costs nothing', () => {
    expect(epsilonUnderFilter([eight], DELTA)).toBe(epsilonOf({ ...eight, delta: DELTA }))
    expect(epsilonUnderFilter([eight, { ...one, steps: 0 }], DELTA)).toBe(epsilonOf({ ...eight, delta: DELTA }))
    expect(epsilonUnderFilter([], DELTA)).toBe(0)
    expect(epsilonUnderFilter([eight, { ...one, sigma: 0 }], DELTA)).toBe(Infinity)
  })
})
