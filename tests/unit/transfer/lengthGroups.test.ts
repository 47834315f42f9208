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
      for (const { places, tokens } of groups) {
        expect(tokens.size).toBe(places.length)
        expect(tokens.size).toBeLessThanOrEqual(32)
        for (const [row, place] of places.entries()) {
          const length = lengths[place] ?? 0
          const ids = tokens.ids.subarray(row * tokens.length, (row + 1) * tokens.length)
          expect(ids.subarray(0, length)).toEqual(textOf(length, place).ids)
          expect(ids.subarray(length).every((id) => id === 0)).toBe(true)
          expect(tokens.read[row]).toBe(length - 1)
          expect(length).toBeGreaterThanOrEqual(0.75 * tokens.length)
        }
      }
    }),
  )
})

test('a text with fewer read positions than its mates is read again at its last', () => {
  const [group, ...more] = groupByLength([
    { ids: Int32Array.of(1, 2, 3, 4), read: [1, 2, 3], targets: [3, 4, 9], cut: false },
    { ids: Int32Array.of(5, 6, 7), read: [2], targets: [8], cut: false },
  ])
  expect(more).toEqual([])
  expect([...(group?.tokens.read ?? [])]).toEqual([1, 2, 3, 2, 2, 2])
  expect([...(group?.targets ?? [])]).toEqual([3, 4, 9, 8, -1, -1])
})
