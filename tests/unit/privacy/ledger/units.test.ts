import { describe, expect, test } from 'vitest'
import {
  fingerprints,
  keptSides,
  nameOf,
  overlaps,
  sidesAgree,
  unitSet,
} from '../../../../workers/privacy/ledger/units.ts'
import { newSign, setOf, textsOf } from './support.ts'

const sign = await newSign()

describe('fingerprints', () => {
  test('are the same for a text however it is spelt, and other ones under another key', async () => {
    const spellings = ['My card is lost', '  my  CARD is\nlost ', 'my card is lost']
    const [first, ...others] = await fingerprints(spellings, sign)
    for (const other of others) expect(other).toBe(first)
    const [composed, decomposed, another] = await fingerprints(['caf\u00E9', 'cafe\u0301', 'cafes'], sign)
    expect(composed).toBe(decomposed)
    expect(another).not.toBe(composed)
    expect((await fingerprints(spellings, await newSign()))[0]).not.toBe(first)
  })

  test('are whole numbers of 53 bits, all bits in use', async () => {
    const prints = await fingerprints(textsOf(0, 3_000), sign)
    expect(new Set(prints).size).toBe(3_000)
    expect(prints.every(Number.isSafeInteger)).toBe(true)
    for (const bit of [0, 1, 26, 51, 52]) {
      const ones = prints.filter((print) => Math.floor(print / 2 ** bit) % 2 === 1).length
      // Within six standard deviations of a half.
      expect(Math.abs(ones - 1_500)).toBeLessThan(6 * Math.sqrt(3_000 / 4))
    }
  })
})

describe('sets of units', () => {
  test('overlap in one unit or in none, whatever the order', async () => {
    const rows = textsOf(0, 500)
    const file = await setOf(rows, sign)
    const shuffled = await setOf([...rows].toReversed(), sign)
    expect(await nameOf(shuffled, sign)).toBe(await nameOf(file, sign))
    expect(overlaps(file, await setOf([...textsOf(900, 1_400), 'row number 17'], sign))).toBe(true)
    expect(overlaps(file, await setOf(textsOf(900, 1_400), sign))).toBe(false)
    expect(overlaps(file, await setOf([], sign))).toBe(false)
  })

  test('keep the side of a unit that was seen, and deal the rest', async () => {
    const prints = await fingerprints(textsOf(0, 1_000), sign)
    const first = Uint8Array.from(prints, (_, place) => (place % 3 === 0 ? 1 : 0))
    const known = [unitSet(prints, first)]
    // The file comes back shuffled, with rows gone and rows added.
    const texts = [...textsOf(500, 1_100).toReversed(), 'row number 500']
    const again = await fingerprints(texts, sign)
    const { sides, kept } = keptSides(again, new Uint8Array(texts.length).fill(1), known)
    expect(kept).toBe(501)
    for (const [place, text] of texts.entries()) {
      const row = Number(text.split(' ')[2])
      expect(sides[place]).toBe(row >= 1_000 || row % 3 === 0 ? 1 : 0)
    }
    expect(sidesAgree(unitSet(again, sides), unitSet(prints, first))).toBe(true)
    expect(
      sidesAgree(
        unitSet(
          again,
          sides.map((side) => 1 - side),
        ),
        unitSet(prints, first),
      ),
    ).toBe(false)
    expect(sidesAgree(unitSet(again, null), unitSet(prints, first))).toBe(true)
  })

  test('give equal units one side', async () => {
    const prints = await fingerprints(['a', 'b', 'A'], sign)
    const { sides } = keptSides(prints, Uint8Array.of(1, 0, 0), [])
    expect([...sides]).toEqual([1, 0, 1])
  })

  test('a set without sides teaches none', async () => {
    const prints = await fingerprints(['a', 'b'], sign)
    expect(keptSides(prints, Uint8Array.of(1, 0), [unitSet(prints, null)]).kept).toBe(0)
    expect(await nameOf(unitSet(prints, null), sign)).not.toBe(await nameOf(unitSet(prints, new Uint8Array(2)), sign))
  })
})
