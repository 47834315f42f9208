import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupByLength } from '../../../workers/transfer/lengthGroups.ts'

const textOf = (length: number, place: number) => ({
  ids: Int32Array.from({ length }, (_, index) => 1000 * place + index + 1),
  read: [length - 1],
  cut: false,
})

test('each text is in one group, whole, read where it ends, and with little padding', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 }), (lengths) => {
      const groups = groupByLength(lengths.map(textOf))
      expect(groups.flatMap(({ places }) => places).toSorted((a, b) => a - b)).toEqual(lengths.map((_, place) => place))
      for (const { places, batch } of groups) {
        expect(batch.size).toBe(places.length)
        expect(batch.size).toBeLessThanOrEqual(32)
        for (const [row, place] of places.entries()) {
          const length = lengths[place] ?? 0
          const ids = batch.ids.subarray(row * batch.length, (row + 1) * batch.length)
          expect(ids.subarray(0, length)).toEqual(textOf(length, place).ids)
          expect(ids.subarray(length).every((id) => id === 0)).toBe(true)
          expect(batch.read[row]).toBe(length - 1)
          expect(length).toBeGreaterThanOrEqual(0.75 * batch.length)
        }
      }
    }),
  )
})

test('a text with two read positions is refused', () => {
  expect(() => groupByLength([{ ids: Int32Array.of(1, 2), read: [0, 1], cut: false }])).toThrow('2')
})
