import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addContribution, contributionLength, GRID_NORM } from '../../../workers/privacy/contribution.ts'
import { UnitSum, type RowResult } from '../../../workers/privacy/unitSum.ts'
import { errorOf } from '../model/support.ts'

const plan = { size: 40, clipNorm: 0.7 }

/** Rows whose sums round differently in every order. */
function rowsOf(count: number, scale = 1): RowResult[] {
  return Array.from({ length: count }, (_, row) => ({
    gradient: Float32Array.from(
      { length: plan.size },
      (_, i) => scale * Math.sin(i * row + row) * 10 ** ((row % 7) - 3),
    ),
    loss: row % 6,
    correct: row % 3 === 0,
  }))
}

function sumOf(unitSizes: readonly number[], rows: readonly RowResult[], order = [...rows.keys()]): Float64Array {
  const units = new UnitSum(plan, unitSizes)
  for (const row of order) {
    const result = rows[row]
    if (result) units.add(row, result)
  }
  return units.total
}

describe('units', () => {
  test('of one row are rows', () => {
    const rows = rowsOf(9)
    const total = new Float64Array(contributionLength(plan))
    for (const { correct, ...row } of rows) addContribution(plan, { ...row, correct: correct ? 1 : 0 }, total)
    expect(
      sumOf(
        rows.map(() => 1),
        rows,
      ),
    ).toEqual(total)
  })

  test('of several rows add the mean of their rows, clipped once', () => {
    const rows = rowsOf(5, 1e3)
    const mean = Float64Array.from(
      { length: plan.size },
      (_, i) => rows.reduce((sum, { gradient }) => sum + (gradient[i] ?? 0), 0) / 5,
    )
    const total = new Float64Array(contributionLength(plan))
    // Losses 0, 1, 2, 3 and 4, which is the bound; rows 0 and 3 are right.
    addContribution(plan, { gradient: mean, loss: 2, correct: 0.4 }, total)
    expect(sumOf([5], rows)).toEqual(total)
    expect(Math.hypot(...total)).toBeLessThanOrEqual(GRID_NORM)
    expect(total[plan.size + 2]).toBeGreaterThan(0)
  })

  test('cut each loss before they take its mean', () => {
    const gradient = new Float32Array(plan.size)
    const rows = [400, 0].map((loss) => ({ gradient, loss, correct: true }))
    // Half of the bound: the centre.
    expect(sumOf([2], rows)[plan.size]).toBe(0)
  })

  test('give the same integers in every order of the rows, beside whatever mates', () => {
    const sizes = [3, 1, 7, 2]
    const rows = rowsOf(13)
    const whole = sumOf(sizes, rows)
    fc.assert(
      fc.property(fc.shuffledSubarray([...rows.keys()], { minLength: 13 }), (order) => {
        expect(sumOf(sizes, rows, order)).toEqual(whole)
      }),
      { numRuns: 60, seed: 1 },
    )
    const alone = new Float64Array(whole.length)
    let from = 0
    for (const size of sizes) {
      sumOf([size], rows.slice(from, from + size)).forEach((value, at) => (alone[at] = (alone[at] ?? 0) + value))
      from += size
    }
    expect(alone).toEqual(whole)
  })

  test('keep what they wait with, though the microbatch is written over', () => {
    const shared = new Float32Array(plan.size)
    const rows = rowsOf(2)
    const units = new UnitSum(plan, [2])
    for (const [row, result] of rows.entries()) {
      shared.set(result.gradient)
      units.add(row, { ...result, gradient: shared })
    }
    expect(units.total).toEqual(sumOf([2], rows))
  })

  test('that are not complete, or have a row that is no number, add nothing', () => {
    const rows = rowsOf(3)
    expect(sumOf([3], rows.slice(0, 2)).every((value) => value === 0)).toBe(true)
    rows[1]?.gradient.fill(Number.NaN)
    expect(sumOf([3], rows).every((value) => value === 0)).toBe(true)
  })

  test('take no row that is not theirs', () => {
    const [row] = rowsOf(1)
    if (row) errorOf('internal', () => new UnitSum(plan, [2]).add(2, row))
  })

  test('stay in the ball for any rows whatever', () => {
    const value = fc.oneof(fc.float(), fc.constantFrom(3.4028234663852886e38, 1.4e-45, Infinity, Number.NaN, 1e38, 1))
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 40, maxLength: 40 }), { minLength: 1, maxLength: 5 }),
        (all) => {
          const rows = all.map((values) => ({ gradient: Float32Array.from(values), loss: 1, correct: true }))
          const total = sumOf([rows.length], rows)
          expect(total.every(Number.isSafeInteger)).toBe(true)
          expect(total.reduce((sum, entry) => sum + BigInt(entry) ** 2n, 0n) <= BigInt(GRID_NORM) ** 2n).toBe(true)
        },
      ),
      { numRuns: 500, seed: 2 },
    )
  })
})
