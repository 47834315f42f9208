import { describe, expect, test } from 'vitest'
import { isExact, measureTexts, tokenF1 } from '../../../workers/evaluate/textMetrics.ts'

describe('answers that are texts', () => {
  test('are exact but for letter case and spaces around', () => {
    expect(isExact(' Science Fiction', 'science fiction ')).toBe(true)
    expect(isExact('science fiction', 'science  fiction')).toBe(false)
    expect(isExact('comedy', '')).toBe(false)
  })

  test.each([
    ['science fiction', 'Science fiction!', 1],
    ['science fiction', 'fiction', 2 / 3],
    // A word counts as often as it is wanted.
    ['a very very dark comedy', 'very very very', 4 / 8],
    ['comedy', 'drama', 0],
    ['comedy', '', 0],
    ['…', '', 1],
  ])('share words: %s and %s', (wanted, given, f1) => {
    expect(tokenF1(wanted, given)).toBeCloseTo(f1, 12)
  })

  test('are measured row by row', () => {
    expect(measureTexts(['comedy', 'dark comedy', 'drama'], ['Comedy', 'comedy', ''])).toEqual({
      n: 3,
      exactMatch: 1 / 3,
      f1: (1 + 2 / 3) / 3,
    })
    expect(measureTexts([], [])).toEqual({ n: 0, exactMatch: 0, f1: 0 })
  })
})
