import { describe, expect, test } from 'vitest'
import { logMoments } from '../../../../workers/privacy/accountant/moments.ts'

/** A(α) - 1 straight from its definition, by Simpson's rule: another rule, another form of the integrand. */
function excessByDefinition(alpha: number, q: number, sigma: number): number {
  const panels = 200_000
  const low = -15 * sigma
  const high = alpha + 15 * sigma
  const h = (high - low) / panels
  let sum = 0
  for (let i = 0; i <= panels; i += 1) {
    const x = low + i * h
    const ratio = 1 - q + q * Math.exp((2 * x - 1) / (2 * sigma * sigma))
    const density = Math.exp((-x * x) / (2 * sigma * sigma)) / (sigma * Math.sqrt(2 * Math.PI))
    sum += (i === 0 || i === panels ? 1 : i % 2 === 0 ? 2 : 4) * density * (ratio ** alpha - 1)
  }
  return (sum * h) / 3
}

describe('moments of the sampled Gaussian', () => {
  test.each([
    [1.1, 0.01, 1],
    [1.5, 0.5, 0.5],
    [2.7, 0.3, 0.8],
    [5.3, 0.05, 2],
    [10.9, 0.9, 3],
    [3, 0.2, 1],
    [12, 0.01, 1.5],
  ])('order %f at q = %f, σ = %f is the integral of its definition', (alpha, q, sigma) => {
    const expected = excessByDefinition(alpha, q, sigma)
    const actual = Math.expm1(logMoments([alpha], q, sigma)[0] ?? Number.NaN)
    expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-9)
  })

  test('whole orders by the sum and their neighbours by quadrature lie on one curve', () => {
    for (const q of [1e-9, 1e-4, 0.1, 0.999]) {
      for (const sigma of [0.4, 1, 6, 200]) {
        const [before = 0, at = 0, after = 0] = logMoments([5 - 1e-6, 5, 5 + 1e-6], q, sigma)
        expect(Math.abs((before + after) / 2 / at - 1)).toBeLessThan(1e-9)
      }
    }
  })

  test('tiny q keeps its digits: A - 1 is q² α(α-1)/2 (e^{1/σ²} - 1)', () => {
    for (const alpha of [1.3, 2, 9.7]) {
      const expected = ((1e-18 * alpha * (alpha - 1)) / 2) * Math.expm1(1 / 4)
      expect(Math.abs((logMoments([alpha], 1e-9, 2)[0] ?? 0) / expected - 1)).toBeLessThan(1e-6)
    }
  })
})
