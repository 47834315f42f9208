import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { packRows, unpackRows } from '../../../workers/browser/storage/packedRows.ts'

const row = fc.record({
  ids: fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 12 }),
  read: fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 3 }),
  cut: fc.boolean(),
  label: fc.nat(64),
  heldOut: fc.boolean(),
})

test('rows come back as they were, whatever their lengths, with answers and without', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), fc.boolean(), (given, answered) => {
      const rows = {
        encoded: given.map(({ ids, read, cut }) => ({
          ids: Int32Array.from(ids),
          read,
          ...(answered ? { targets: read.map((place) => place + 7) } : {}),
          cut,
        })),
        labels: Int32Array.from(given, ({ label }) => label),
        heldOut: Uint8Array.from(given, ({ heldOut }) => Number(heldOut)),
      }
      expect(unpackRows(structuredClone(packRows(rows)))).toEqual(rows)
    }),
  )
})
