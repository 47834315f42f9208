import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { keptGain } from '../../../src/features/privacy/cost.ts'

test('without noise nothing is lost', () => {
  expect(keptGain(0)).toBe(1)
})

test('more noise never leaves more, and what is left is a share', () => {
  const ratio = fc.double({ min: 0, max: 50, noNaN: true })
  fc.assert(
    fc.property(ratio, ratio, (a, b) => {
      const [less, more] = [keptGain(Math.max(a, b)), keptGain(Math.min(a, b))]
      expect(less).toBeLessThanOrEqual(more + 1e-12)
      expect(less).toBeGreaterThanOrEqual(0)
      expect(more).toBeLessThanOrEqual(1)
    }),
  )
})

test('beyond what was measured it goes on without a jump', () => {
  const step = 1e-6
  for (const ratio of [0.05, 0.165, 0.267]) {
    expect(Math.abs(keptGain(ratio + step) - keptGain(ratio - step))).toBeLessThan(1e-4)
  }
})
