import { assert, double, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { provenEpsilon } from '../../../../workers/privacy/audit/oneRun.ts'
import { errorOf } from '../../model/support.ts'

// By the formula in arbitrary precision: at δ = 1e-5, and at δ = 0.
test.each([
  [100, 100, 100, 3.490216, 3.492965],
  [1000, 1000, 600, 0.297227, 0.297468],
  [1000, 100, 95, 2.165176, 2.172434],
  [1000, 200, 190, 2.393618, 2.397871],
  [1000, 600, 600, 5.270399, 5.297243],
  [5000, 500, 450, 1.94142, 1.947138],
  [64, 64, 50, 0.750516, 0.750796],
])('%i canaries, %i guesses, %i right', (canaries, guesses, correct, epsilon, pure) => {
  expect(provenEpsilon({ canaries, guesses, correct }, { delta: 1e-5 })).toBeCloseTo(epsilon, 6)
  expect(provenEpsilon({ canaries, guesses, correct }, { delta: 0 })).toBeCloseTo(pure, 6)
})

test('half of the guesses prove nothing, nor does none', () => {
  expect(provenEpsilon({ canaries: 200, guesses: 100, correct: 50 }, { delta: 1e-5 })).toBe(0)
  expect(provenEpsilon({ canaries: 200, guesses: 100, correct: 0 }, { delta: 1e-5 })).toBe(0)
})

test('200 right guesses of 200 prove 4.19, and no more', () => {
  expect(provenEpsilon({ canaries: 5000, guesses: 200, correct: 200 }, { delta: 0 })).toBeCloseTo(4.1936, 3)
})

test('more right guesses prove no less; a larger δ, and more confidence, no more', () => {
  assert(
    property(integer({ min: 1, max: 200 }), double({ min: 0, max: 1, noNaN: true }), (guesses, share) => {
      const correct = Math.floor(share * (guesses - 1))
      const proven = (right: number, delta: number, confidence = 0.95): number =>
        provenEpsilon({ canaries: 400, guesses, correct: right }, { delta, confidence })
      const base = proven(correct, 1e-5)
      expect(proven(correct + 1, 1e-5)).toBeGreaterThanOrEqual(base)
      expect(proven(correct, 1e-4)).toBeLessThanOrEqual(base)
      expect(proven(correct, 1e-5, 0.99)).toBeLessThanOrEqual(base)
    }),
    { numRuns: 40 },
  )
})

test.each([
  [10, 20, 5],
  [10, 5, 6],
  [10, 5, 1.5],
  [10, 5, -1],
])('refuses %i canaries, %i guesses, %d right', (canaries, guesses, correct) => {
  errorOf('privacy-argument', () => provenEpsilon({ canaries, guesses, correct }, { delta: 0 }))
})
