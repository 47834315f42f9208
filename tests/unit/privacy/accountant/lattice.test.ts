import { describe, expect, test } from 'vitest'
import { backward, forward } from '../../../../workers/privacy/accountant/fft.ts'
import { gaussianDelta } from '../../../../workers/privacy/accountant/gaussian.ts'
import { latticeOf, lossRange } from '../../../../workers/privacy/accountant/lattice.ts'
import { DIRECTIONS, lossAt, type Pair, placeOf, rowPair } from '../../../../workers/privacy/accountant/pair.ts'
import { normalTail } from '../../../../workers/privacy/accountant/special.ts'
import { vectors } from './vectors.ts'

const PAIRS: readonly (readonly [name: string, pair: Pair])[] = [
  ['a usual one', rowPair(0.0152, 1)],
  ['little noise', rowPair(0.3, 0.4)],
  ['a tiny rate', rowPair(1e-6, 0.8)],
  ['much noise', rowPair(0.01, 30)],
  ['a rate near 1', rowPair(1 - 1e-12, 0.5)],
  ['no sampling', rowPair(1, 1.5)],
  ['three rows', { sigma: 1, weights: [0.97 ** 3, 3 * 0.97 ** 2 * 0.03, 3 * 0.97 * 0.03 ** 2, 0.03 ** 3] }],
]

describe.each(PAIRS)('the loss of %s', (_, pair) => {
  test('and its inverse agree', () => {
    for (const x of [-3, -0.5, 0, 0.5, 1, 3, 9].map((z) => z * pair.sigma)) {
      const loss = lossAt(pair, x)
      // Where the loss is flat its inverse cannot be told from rounding; the loss itself can.
      expect(Math.abs(lossAt(pair, placeOf(pair, loss)) - loss)).toBeLessThan(1e-12 * Math.max(1, Math.abs(loss)))
    }
  })

  test.each(DIRECTIONS)(
    'on a grid keeps its mass, never raises the other world, and never loses δ (%s)',
    (direction) => {
      const range = lossRange(pair, direction, { low: 1e-12, high: 1e-12 })
      const step = (range.high - range.low) / 997
      const lattice = latticeOf(pair, direction, { step, ...range })
      const losses = Array.from(lattice.masses, (_, i) => (lattice.first + i) * step)
      const total = lattice.masses.reduce((sum, mass) => sum + mass, lattice.infinite)
      const other = lattice.masses.reduce((sum, mass, i) => sum + mass * Math.exp(-(losses[i] ?? 0)), 0)
      expect(Math.abs(total - 1)).toBeLessThan(1e-12)
      expect(other).toBeLessThan(1 + 1e-9)
      expect(lattice.infinite).toBeLessThan(1e-11)
      for (const epsilon of [0.001, 0.01, 0.1, 0.5, 1, 3]) {
        const found = lattice.masses.reduce(
          (sum, mass, i) => sum + mass * Math.max(0, -Math.expm1(epsilon - (losses[i] ?? 0))),
          lattice.infinite,
        )
        expect(found).toBeGreaterThanOrEqual(oneStepDelta(pair, direction, epsilon) - 1e-15)
      }
    },
  )
})

/** δ of one step in closed form: the hockey-stick divergence from the place where the loss is ε. */
function oneStepDelta(pair: Pair, direction: (typeof DIRECTIONS)[number], epsilon: number): number {
  const { sigma, weights } = pair
  const mix = (tail: (mean: number) => number): number => weights.reduce((sum, weight, j) => sum + weight * tail(j), 0)
  if (direction === 'remove') {
    const x = placeOf(pair, epsilon)
    const upper = (mean: number): number => normalTail((x - mean) / sigma)
    return mix(upper) - Math.exp(epsilon) * upper(0)
  }
  const x = placeOf(pair, -epsilon)
  const lower = (mean: number): number => normalTail((mean - x) / sigma)
  return lower(0) - Math.exp(epsilon) * mix(lower)
}

test.each(vectors.gaussian)('$id: δ of the plain Gaussian, far into the tail', ({ mu, delta_at_eps: deltas }) => {
  for (const [epsilon, delta] of Object.entries(deltas)) {
    const found = gaussianDelta(mu, Number(epsilon))
    expect(found).toBeGreaterThanOrEqual(delta)
    expect(found).toBeLessThanOrEqual(delta * (1 + 1e-9) + Number.MIN_VALUE)
  }
})

describe('the transform', () => {
  const values = Float64Array.from({ length: 32 }, (_, i) => Math.sin(i * i) + (i === 5 ? 3 : 0))

  test('is that of the definition', () => {
    const { re, im } = forward(values)
    for (let k = 0; k <= 16; k += 1) {
      let x = 0
      let y = 0
      for (const [n, value] of values.entries()) {
        x += value * Math.cos((2 * Math.PI * k * n) / 32)
        y -= value * Math.sin((2 * Math.PI * k * n) / 32)
      }
      expect(re[k]).toBeCloseTo(x, 12)
      expect(im[k]).toBeCloseTo(y, 12)
    }
  })

  test('is undone by its inverse', () => {
    const back = backward(forward(values))
    for (const [i, value] of values.entries()) expect(back[i]).toBeCloseTo(value, 13)
  })
})
