import { describe, expect, test } from 'vitest'
import { epsilonOf } from '../../../../workers/privacy/accountant/accountant.ts'
import { epsilonOfGroup } from '../../../../workers/privacy/accountant/group.ts'

const RUN = { sampleRate: 1024 / 67_349, steps: 330 }

describe('ε of a person in several rows', () => {
  // Made with another implementation of the same composition, to the digits given.
  test.each([
    [1, 2, 3.71],
    [1, 3, 5.87],
    [1, 5, 10.61],
    [0.573, 2, 16.05],
    [0.573, 3, 24.27],
    [0.573, 5, 41.7],
  ])('σ = %f, %i rows', (sigma, rows, reference) => {
    const epsilon = epsilonOfGroup([{ ...RUN, sigma, rows }], 1e-5)
    expect(Number(epsilon.toPrecision(String(reference).replace('.', '').length))).toBe(reference)
  })

  test('of one row is that of the row', () => {
    const epsilon = epsilonOf({ ...RUN, sigma: 1, delta: 1e-5 })
    expect(epsilonOfGroup([{ ...RUN, sigma: 1, rows: 1 }], 1e-5)).toBeCloseTo(epsilon, 8)
  })

  test('of the plain Gaussian is that of so much less noise', () => {
    const epsilon = epsilonOfGroup([{ sampleRate: 1, sigma: 6, steps: 4, rows: 3 }], 1e-5)
    expect(epsilon).toBeCloseTo(epsilonOf({ sampleRate: 1, sigma: 2, steps: 4, delta: 1e-5 }), 9)
  })

  test('nothing done costs nothing, no noise costs everything', () => {
    expect(epsilonOfGroup([], 1e-5)).toBe(0)
    expect(epsilonOfGroup([{ ...RUN, sigma: 0, rows: 3 }], 1e-5)).toBe(Infinity)
  })

  test('of none of whose rows take part is nothing', () => {
    expect(epsilonOfGroup([{ ...RUN, sigma: 0, rows: 0 }], 1e-5)).toBe(0)
  })

  test.each([-1, 1.5, 65, Number.NaN])('refuses %f rows', (rows) => {
    expect(() => epsilonOfGroup([{ ...RUN, sigma: 1, rows }], 1e-5)).toThrow(RangeError)
  })
})
