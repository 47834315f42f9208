import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatherConstants, softmaxRows, textsWithin } from '../../../workers/transfer/constants.ts'

describe('softmaxRows', () => {
  test('is softmax(z / T) of each row', () => {
    const rows = softmaxRows(Float32Array.from([0, 2 * Math.log(3), 5, 5]), 2, 2)
    expect(rows[0]).toBeCloseTo(0.25, 6)
    expect(rows[1]).toBeCloseTo(0.75, 6)
    expect(rows.slice(2)).toEqual(Float32Array.of(0.5, 0.5))
  })

  test('takes logits of any size', () => {
    expect([...softmaxRows(Float32Array.from([1e30, 0, -1e30]), 3, 2)]).toEqual([1, 0, 0])
    fc.assert(
      fc.property(fc.float32Array({ minLength: 3, maxLength: 3, noNaN: true, noDefaultInfinity: true }), (z) => {
        const row = softmaxRows(Float32Array.from(z), 3, 2)
        expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
        expect(row.every((p) => p >= 0)).toBe(true)
      }),
    )
  })

  test('does not hide what is not a number', () => {
    expect(softmaxRows(Float32Array.from([1, Number.NaN]), 2, 2).every((p) => Number.isNaN(p))).toBe(true)
  })
})

const matrix = (offset: number) => Float32Array.from({ length: 6 }, (_, index) => offset + index)

test('constants of some texts are theirs, in the order asked for', () => {
  const constants = { studentOutput: matrix(0), studentShift: matrix(10), teacherPlain: matrix(20) }
  const some = gatherConstants(constants, [2, 0, 2], 2)
  expect([...some.studentOutput]).toEqual([4, 5, 0, 1, 4, 5])
  expect([...some.studentShift]).toEqual([14, 15, 10, 11, 14, 15])
  expect([...some.teacherPlain]).toEqual([24, 25, 20, 21, 24, 25])
})

test('memory bounds the texts: three float32 vectors each', () => {
  expect(textsWithin(12 * 8_192 * 10, 8_192)).toBe(10)
  expect(textsWithin(12 * 8_192 * 10 - 1, 8_192)).toBe(9)
  expect(textsWithin(1, 8_192)).toBe(1)
})
