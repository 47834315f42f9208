import { describe, expect, test } from 'vitest'
import { countUnits, unitsOf, withUnit } from '../../../workers/tune/grouping.ts'
import { errorOf } from '../model/support.ts'

const BUDGET = { epsilon: 8, delta: 1e-5 }

describe('units', () => {
  test('are the rows where nobody asked for persons', () => {
    const units = unitsOf({ heldOut: Uint8Array.of(0, 1, 0), persons: Int32Array.of(0, 0, 0) }, undefined)
    expect([[...units.train], [...units.heldOut]]).toEqual([[0, 2], [1]])
    expect(units.rowsOf(2)).toEqual([2])
  })

  test('are persons with their first rows, all on the side of their coin', () => {
    const units = unitsOf(
      { heldOut: Uint8Array.of(0, 1, 0, 0, 1, 0, 0), persons: Int32Array.of(0, 1, 0, 2, 1, 0, 2) },
      2,
    )
    expect([[...units.train], [...units.heldOut]]).toEqual([[0, 2], [1]])
    expect([0, 1, 2].map((unit) => units.rowsOf(unit))).toEqual([
      [0, 2],
      [1, 4],
      [3, 6],
    ])
    expect(countUnits(units)).toEqual({ trainRows: 2, heldOutRows: 1 })
  })

  test('of rows without persons are refused', () => {
    errorOf('internal', () => unitsOf({ heldOut: Uint8Array.of(0) }, 3))
  })
})

describe('a request', () => {
  test('on a file with persons has persons as its units, with DP', () => {
    expect(withUnit({ budget: BUDGET }, true).maxRowsPerPerson).toBe(10)
    expect(withUnit({ budget: BUDGET, maxRowsPerPerson: 3 }, true).maxRowsPerPerson).toBe(3)
    expect(withUnit({ budget: null }, true)).toEqual({ budget: null })
    expect(withUnit({ budget: BUDGET }, false)).toEqual({ budget: BUDGET })
  })

  test('for rows per person is refused where no unit is a person', () => {
    errorOf('privacy-argument', () => withUnit({ budget: BUDGET, maxRowsPerPerson: 3 }, false))
    errorOf('privacy-argument', () => withUnit({ budget: null, maxRowsPerPerson: 3 }, true))
  })
})
