import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ContributionPlan,
  type UnitResult,
  GRID_NORM,
  LOSS_BOUND,
  addContribution,
  contributionLength,
  isInBall,
} from '../../../workers/privacy/contribution.ts'
import { errorOf } from '../model/support.ts'

const LARGEST = 3.4028234663852886e38
const DENORMAL = 1.401298464324817e-45

function contribution(plan: ContributionPlan, unit: UnitResult): Float64Array {
  const into = new Float64Array(contributionLength(plan))
  addContribution(plan, unit, into)
  return into
}

/** In BigInt, so that no rounding of the test hides one of the code. */
function squaredNorm(values: Float64Array): bigint {
  return values.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n)
}

function expectInBall(values: Float64Array): void {
  expect(values.every(Number.isSafeInteger)).toBe(true)
  expect(squaredNorm(values) <= BigInt(GRID_NORM) ** 2n).toBe(true)
}

const wave = (size: number, scale = 1): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => scale * Math.sin(i * i + 1))

const plan: ContributionPlan = { size: 500, clipNorm: 2 }

function norm(values: Float64Array | Float32Array): number {
  return Math.hypot(...values)
}

function cosine(sum: Float64Array, gradient: Float32Array): number {
  const product = gradient.reduce((total, value, i) => total + value * (sum[i] ?? 0), 0)
  return product / (norm(sum.subarray(0, gradient.length)) * norm(gradient))
}

function curveFigures(loss: number, correct: number): number[] {
  return [...contribution(plan, { gradient: new Float32Array(500), loss, correct }).subarray(500)]
}

const RIGHT = { loss: 0.7, correct: 1 }

describe('sensitivity', () => {
  const anyFloat = fc.oneof(
    fc.float({ noNaN: false }),
    fc.constantFrom(LARGEST, -LARGEST, DENORMAL, 1e38, -1e38, 0, -0, Infinity, -Infinity, Number.NaN, 1, -1),
  )
  const finite = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(LARGEST, -LARGEST, DENORMAL, 0, 1, -1, 0.5),
  )
  const losses = fc.oneof(fc.double(), fc.constantFrom(0, LOSS_BOUND, 1e300, -1, Infinity, Number.NaN))
  const clips = fc.oneof(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.constantFrom(1e-300, 1e300, 1))

  test('no vector of floats whatever leaves the ball', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(anyFloat, { maxLength: 40 }), fc.array(finite, { maxLength: 40 })),
        losses,
        fc.oneof(fc.constantFrom(0, 1), fc.double()),
        clips,
        (values, loss, correct, clipNorm) => {
          const gradient = Float32Array.from(values)
          expectInBall(contribution({ size: gradient.length, clipNorm }, { gradient, loss, correct }))
        },
      ),
      { numRuns: 2_000, seed: 1 },
    )
  })

  test.each([1, 7, 100, 5_120, 160_000])('rounding that conspires over %i values does not leave it', (size) => {
    // Each value lies just above a half step on the grid, so that every rounding adds to the norm.
    for (const halves of [0.5000001, 1.5000001, 3.5000001]) {
      const value = halves / Math.sqrt(size)
      for (const clipNorm of [value * Math.sqrt(size), 1e-3, (GRID_NORM * value) / halves]) {
        const gradient = new Float32Array(size).fill(value)
        const sum = contribution({ size, clipNorm }, { gradient, loss: 0, correct: 1 })
        expectInBall(sum)
        expect(sum.some((entry) => entry !== 0)).toBe(true)
      }
    }
  })

  test('a vector whose rounding overshoots is shrunk, not dropped', () => {
    // 160,000 equal values at the bound: 81.5 steps each would round up to a norm beyond it.
    const size = 160_000
    const sum = contribution(
      { size, clipNorm: 1e-9 },
      { gradient: new Float32Array(size).fill(1), loss: 0, correct: 1 },
    )
    expectInBall(sum)
    expect(Math.sqrt(Number(squaredNorm(sum)))).toBeGreaterThan(0.98 * GRID_NORM)
    let shrunk = 0
    for (let steps = 60; steps < 81; steps += 1) {
      // Lengths at which one value stands just above `steps` and a half.
      const length = Math.floor((GRID_NORM * 0.98999) ** 2 / (steps + 0.5) ** 2)
      const probe = contribution(
        { size: length, clipNorm: 1e-9 },
        { gradient: new Float32Array(length).fill(1), loss: 0, correct: 1 },
      )
      expectInBall(probe)
      if (Math.abs(probe[0] ?? 0) <= steps) shrunk += 1
      expect(Math.abs(probe[0] ?? 0)).toBeGreaterThanOrEqual(steps - 1)
    }
    expect(shrunk).toBeGreaterThan(0)
  })

  test.each([
    ['sixteen full steps', Array.from({ length: 16 }, () => GRID_NORM)],
    ['one beyond the bound', [GRID_NORM + 1]],
    ['just beyond in two', [GRID_NORM, 1]],
    ['2^16 squared wraps 32 bits to 0', [2 ** 16]],
    ['2^32', [2 ** 32]],
    ['far beyond the safe integers', [1e38, -1e38]],
    ['infinite', [Infinity]],
    ['not a number', [Number.NaN]],
  ])('the check alone refuses %s', (_, values) => {
    expect(isInBall(Float32Array.from(values), 1, [0, 0, 0], 1)).toBe(false)
    expect(isInBall(new Float32Array(1), 1, [values[0] ?? 0, values[1] ?? values[0] ?? 0, 0], 1)).toBe(
      Math.hypot(values[0] ?? 0, values[1] ?? values[0] ?? 0) <= GRID_NORM,
    )
  })

  test('the check alone accepts the bound itself', () => {
    expect(isInBall(Float32Array.of(GRID_NORM), 1, [0, 0, 0], 1)).toBe(true)
    expect(isInBall(Float32Array.of(0), 1, [-GRID_NORM, 0, 0], 1)).toBe(true)
    expect(isInBall(Float32Array.of(0.6 * GRID_NORM, 0.8 * GRID_NORM), 1, [0, 0, 0], 1)).toBe(
      Math.round(Math.fround(0.6 * GRID_NORM)) ** 2 + Math.round(Math.fround(0.8 * GRID_NORM)) ** 2 <= GRID_NORM ** 2,
    )
  })
})

describe('what is added', () => {
  test('a short gradient keeps its length and direction, a long one loses its length', () => {
    const short = wave(500, 0.01)
    const long = wave(500, 100)
    const unit = contribution(plan, { gradient: short, ...RIGHT })
    const clipped = contribution(plan, { gradient: long, ...RIGHT })
    const root = Math.sqrt(1.03)
    expect(norm(unit.subarray(0, 500)) / ((norm(short) / 2) * (GRID_NORM / root))).toBeCloseTo(1, 3)
    expect(norm(clipped.subarray(0, 500)) / (GRID_NORM / root)).toBeCloseTo(1, 3)
    expect(cosine(unit, short)).toBeGreaterThan(0.9999)
    expect(cosine(clipped, long)).toBeGreaterThan(0.9999)
  })

  test('curve figures are centred and cut at the bound', () => {
    const [worst = 0, right = 0, clipped = 0] = curveFigures(LOSS_BOUND, 1)
    expect(right).toBe(worst)
    expect(right).toBeGreaterThan(0.098 * GRID_NORM)
    expect(clipped).toBe(-right)
    expect(curveFigures(0, 0)).toEqual([-worst, -right, -right])
    expect(curveFigures(LOSS_BOUND / 2, 1)).toEqual([0, right, -right])
    expect(curveFigures(1e9, 1)).toEqual([worst, right, -right])
    expect(curveFigures(-3, 1)).toEqual([-worst, right, -right])
    // A person that was half right.
    expect(curveFigures(LOSS_BOUND, 0.5)).toEqual([worst, 0, -right])
  })

  test('the clip figure says whether the gradient was longer than C', () => {
    const [at = 0, above = 0, below = 0] = [2, 2.001, -2.001].map(
      (length) => contribution({ size: 1, clipNorm: 2 }, { gradient: Float32Array.of(length), ...RIGHT })[3],
    )
    expect(above).toBeGreaterThan(0.098 * GRID_NORM)
    expect([at, below]).toEqual([-above, above])
  })

  test.each([
    ['NaN in the gradient', wave(500).fill(Number.NaN, 250, 251), 1],
    ['infinity in the gradient', wave(500).fill(-Infinity, 499), 1],
    ['a loss that is no number', wave(500), Number.NaN],
    ['an infinite loss', wave(500), Infinity],
  ])('%s: the example adds nothing at all', (_, gradient, loss) => {
    const into = Float64Array.from({ length: 503 }, (_, i) => i)
    const before = Float64Array.from(into)
    addContribution(plan, { gradient, loss, correct: 1 }, into)
    expect(into).toEqual(before)
  })

  test('the sum is exact and does not depend on order, neighbours or where the gradient lies', () => {
    const buffer = new Float32Array(200 * 500 + 3)
    for (let i = 0; i < buffer.length; i += 1) buffer[i] = Math.sin(i * 0.37) * (i % 11)
    const examples = Array.from({ length: 200 }, (_, i) => ({
      gradient: buffer.subarray(3 + i * 500, 3 + (i + 1) * 500),
      loss: i / 50,
      correct: i % 3 === 0 ? 1 : 0,
    }))
    const forwards = new Float64Array(503)
    const backwards = new Float64Array(503)
    for (const example of examples) addContribution(plan, example, forwards)
    for (const example of examples.toReversed()) addContribution(plan, example, backwards)
    expect(backwards).toEqual(forwards)
    const exact = Array.from({ length: 503 }, () => 0n)
    for (const example of examples) {
      const alone = contribution(plan, { ...example, gradient: Float32Array.from(example.gradient) })
      for (const [i, value] of alone.entries()) exact[i] = (exact[i] ?? 0n) + BigInt(value)
    }
    expect([...forwards].map(BigInt)).toEqual(exact)
  })

  test('one row more or less moves the sum by at most the sensitivity', () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ gradient: wave(500, 10 ** (i % 5)), ...RIGHT }))
    const all = new Float64Array(503)
    const without = new Float64Array(503)
    for (const [i, row] of rows.entries()) {
      addContribution(plan, row, all)
      if (i !== 13) addContribution(plan, row, without)
    }
    expectInBall(all.map((value, i) => value - (without[i] ?? 0)))
  })
})

describe('refuses', () => {
  const example = { gradient: wave(4), ...RIGHT }

  test.each([0, -1, Number.NaN, Infinity])('a clip norm of %f', (clipNorm) => {
    errorOf('privacy-argument', () => addContribution({ size: 4, clipNorm }, example, new Float64Array(7)))
  })

  test('arrays of another length', () => {
    errorOf('internal', () => addContribution({ size: 5, clipNorm: 1 }, example, new Float64Array(8)))
    errorOf('internal', () => addContribution({ size: 4, clipNorm: 1 }, example, new Float64Array(4)))
  })
})
