import { describe, expect, test } from 'vitest'
import { epsilonOf } from '../../../../workers/privacy/accountant/accountant.ts'
import { epsilonAfter } from '../../../../workers/privacy/accountant/meter.ts'

const RUN = { sigma: 1, sampleRate: 0.0152, steps: 330, delta: 1e-5 }

describe('ε as a run goes on', () => {
  const after = epsilonAfter(RUN)

  test('ends at that of the whole run and begins at nothing', () => {
    expect(after(330)).toBe(epsilonOf(RUN))
    expect(after(0)).toBe(0)
  })

  test('never falls, and is that of a run of so many steps', () => {
    let last = 0
    for (let steps = 0; steps <= 330; steps += 30) {
      const epsilon = after(steps)
      expect(epsilon).toBeGreaterThanOrEqual(last)
      expect(Math.abs(epsilon - epsilonOf({ ...RUN, steps }))).toBeLessThan(1e-4)
      last = epsilon
    }
  })

  test('of the plain Gaussian has its closed form', () => {
    const gaussian = epsilonAfter({ sigma: 3, sampleRate: 1, steps: 20, delta: 1e-5 })
    for (const steps of [0, 1, 20])
      expect(gaussian(steps)).toBe(epsilonOf({ sigma: 3, sampleRate: 1, steps, delta: 1e-5 }))
  })

  test('has no figure beyond the plan, or for steps that are none', () => {
    for (const steps of [331, -1, 0.5, Number.NaN]) expect(() => after(steps)).toThrow(RangeError)
  })
})
