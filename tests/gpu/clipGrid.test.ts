/** Clipping and the exact sum on the GPU: the integer bound for any floats, isolation, and against the CPU's. */
import { slice, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addContribution,
  contributionLength,
  GRADIENT_STEPS,
  GRID_NORM,
  LOSS_BOUND,
  SCORE_STEPS,
  shrinkFor,
  type UnitResult,
} from '../../workers/privacy/contribution.ts'
import { clipToGrid, MOST_SUMMED, sumOnGrid, type GridPlan } from '../../workers/runtime/kernels/clipGrid/clipGrid.ts'
import { keepAll, takeIntegers } from '../../workers/runtime/tensors.ts'
import { DeviceSum } from '../../workers/tune/deviceSum.ts'
import { TARGETS, openTarget } from './support/backends.ts'

const LARGEST = 3.4028234663852886e38

function planOf(size: number, clipNorm: number): GridPlan {
  return {
    size,
    clipNorm,
    gridNorm: GRID_NORM,
    gradientSteps: GRADIENT_STEPS,
    scoreSteps: SCORE_STEPS,
    lossBound: LOSS_BOUND,
    shrink: shrinkFor(size + 3),
  }
}

const wave = (size: number, scale: number, seed = 1): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => scale * Math.sin(i * i * 0.7 + seed))

/** Each row's integers, its verdict last. */
async function integersOf(units: readonly UnitResult[], plan: GridPlan): Promise<number[][]> {
  const integers = tidy(() => keepAll(clipToGrid(gradientsOf(units, plan.size), figuresOf(units), plan)))
  const values = await takeIntegers(integers)
  return units.map((_, row) => [...values.subarray(row * (plan.size + 4), (row + 1) * (plan.size + 4))])
}

function gradientsOf(units: readonly UnitResult[], size: number) {
  return tensor2d(Float32Array.from(units.flatMap(({ gradient }) => [...gradient])), [units.length, size])
}

/** As the label head lays them out, with scores' gradients behind. */
function figuresOf(units: readonly UnitResult[]) {
  const values = units.flatMap(({ loss, correct }) => [loss, correct, 0, 0, 0.3, -0.3, 0, 0])
  return tensor2d(Float32Array.from(values), [units.length, 8])
}

/** In BigInt, so that no rounding of the test hides one of the code. */
function squaredNorm(values: readonly number[]): bigint {
  return values.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n)
}

describe.each(TARGETS.filter(({ backend }) => backend === 'webgpu'))('the grid on $label', (target) => {
  beforeAll(() => openTarget(target))

  it('accepts nothing outside the ball, whatever the floats, and shows what is no number', async () => {
    const size = 40
    const fill = (...values: readonly number[]): Float32Array =>
      Float32Array.from({ length: size }, (_, at) => values[at % values.length] ?? 0)
    const gradients = [
      fill(0),
      fill(LARGEST),
      fill(LARGEST, -LARGEST, 1),
      fill(1.401298464324817e-45),
      fill(1e38, 1e-38),
      fill(1),
      wave(size, 1e-3),
      fill(Number.NaN),
      fill(0, 0, 0, 0, 0, Infinity),
      fill(-Infinity, 1),
      fill(Number.NaN, LARGEST),
    ]
    const broken = 4
    const losses = [0.3, Number.NaN, Infinity, -1, 1e30]
    const units = gradients.flatMap((gradient) => losses.map((loss) => ({ gradient, loss, correct: 1 })))
    for (const clipNorm of [1e-30, 0.1, 1, 1e12]) {
      const rows = await integersOf(units, planOf(size, clipNorm))
      for (const [at, row] of rows.entries()) {
        const verdict = row.at(-1) ?? 0
        const kind = Math.floor(at / losses.length)
        const isFinite_ = kind < gradients.length - broken && Number.isFinite(losses[at % losses.length])
        expect(verdict, `row ${at} at ${clipNorm}`).toBe(isFinite_ ? 1 : 0)
        if (verdict === 1) expect(squaredNorm(row.slice(0, -1)) <= BigInt(GRID_NORM) ** 2n).toBe(true)
      }
    }
  })

  // Bounds that make the float part do nothing: the check alone stands between these and the sum.
  it.each([
    ['sixteen full steps, whose squares wrap to 0', Array.from({ length: 16 }, () => GRID_NORM), 0],
    ['all of them full', Array.from({ length: 64 }, (_, at) => (at % 2 ? -GRID_NORM : GRID_NORM)), 0],
    ['2^16, whose square wraps to 0', [2 ** 16], 0],
    ['just beyond in two', [GRID_NORM, 1], 0],
    ['far beyond the integers', [1e38, -1e38], 0],
    ['the bound itself', [GRID_NORM], 1],
    ['minus the bound', [0, 0, 0, 0, 0, -GRID_NORM], 1],
  ])('checks %s', async (_, values, verdict) => {
    const gradient = new Float32Array(64)
    gradient.set(values)
    const plan = { ...planOf(64, 1), shrink: 1, scoreSteps: 0 }
    // f = gradientSteps / max(norm, C) is made 1.
    const norm = Math.fround(Math.hypot(...gradient.map((value) => Math.fround(value))))
    const [row = []] = await integersOf([{ gradient, loss: 1, correct: 1 }], {
      ...plan,
      clipNorm: Math.min(norm, 2 ** 59),
      gradientSteps: norm,
    })
    expect(row.at(-1)).toBe(verdict)
  })

  it.each([4, 36, 500, 12_800])('gives what the CPU gives for %i values, to a step', async (size) => {
    const clipNorm = 0.3
    const units = [1e-4, 0.01, 1, 100].map((scale, at) => ({
      gradient: wave(size, scale, at),
      loss: at * 1.7,
      correct: at % 2,
    }))
    const rows = await integersOf(units, planOf(size, clipNorm))
    for (const [at, unit] of units.entries()) {
      const expected = new Float64Array(size + 3)
      addContribution({ size, clipNorm }, unit, expected)
      expect(expected.some((value) => value !== 0)).toBe(true)
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (rows[at]?.[i] ?? NaN))), 0)
      expect(worst).toBeLessThanOrEqual(1)
      expect(rows[at]?.at(-1)).toBe(1)
    }
  })

  it('shrinks a vector whose rounding overshoots, and does not drop it', async () => {
    // 160,000 equal values at the bound: 81.5 steps each would round up to a norm beyond it.
    const size = 160_000
    const [row = []] = await integersOf(
      [{ gradient: new Float32Array(size).fill(1), loss: 0, correct: 1 }],
      planOf(size, 1e-9),
    )
    expect(row.at(-1)).toBe(1)
    const norm = Math.sqrt(Number(squaredNorm(row.slice(0, -1))))
    expect(norm).toBeLessThanOrEqual(GRID_NORM)
    expect(norm).toBeGreaterThan(0.98 * GRID_NORM)
  })

  it('gives a row the same integers in any place, beside any mates, and adds those that count', async () => {
    const size = 260
    const units = Array.from({ length: 6 }, (_, at) => ({
      gradient: wave(size, 10 ** (at - 3), at),
      loss: at / 2,
      correct: at % 2,
    }))
    const plan = planOf(size, 0.2)
    const rows = await integersOf(units, plan)
    expect((await integersOf(units.toReversed(), plan)).toReversed()).toEqual(rows)
    for (const [at, unit] of units.entries()) expect(await integersOf([unit], plan)).toEqual([rows[at]])

    const columns = rows[0]?.map((_, column) => rows.slice(0, 4).reduce((sum, row) => sum + (row[column] ?? 0), 0))
    const sum = tidy(() => {
      const integers = clipToGrid(gradientsOf(units, size), figuresOf(units), plan)
      return keepAll(sumOnGrid(integers, 2, sumOnGrid(slice(integers, [2, 0], [2, size + 4]), 2, null)))
    })
    expect([...(await takeIntegers(sum))]).toEqual([...(columns?.slice(0, -1) ?? []), 0])
  })

  it('leaves rows that are no numbers out of a sum, and adds up sums that are full', async () => {
    const [size, clipNorm] = [4, 0.5]
    const good = { gradient: Float32Array.of(1, 0, 0, 0), loss: 4, correct: 1 }
    const bad = { gradient: Float32Array.of(1, Number.NaN, 0, 0), loss: 4, correct: 1 }
    const sum = new DeviceSum({ size, clipNorm }, 7)
    const units = [bad, good, good, bad, good]
    for (let repeat = 0; repeat < 4; repeat++) {
      // The last is a dummy.
      tidy(() => sum.add(gradientsOf(units, size), figuresOf(units), 4))
    }
    const one = new Float64Array(contributionLength({ size, clipNorm }))
    addContribution({ size, clipNorm }, good, one)
    expect(await sum.take()).toEqual(one.map((value) => value * 8))
    expect(MOST_SUMMED * GRID_NORM).toBeLessThan(2 ** 31)
  })
})
