import { describe, expect, test } from 'vitest'
import { alphaFrom, canMeasure, DEFAULT_ALPHA, type LabelledText } from '../../../workers/transfer/alpha.ts'

describe('alphaFrom', () => {
  // Accuracies of the paper's tables 1 and 13; α as its table 20 gives it, to two digits.
  test.each([
    ['RoBERTa-base, sst2', 0.7225, 0.791, 2, 0.76],
    ['RoBERTa-base, imdb', 0.7219, 0.7885, 2, 0.77],
    ['GPT2-XL, sst2', 0.6078, 0.8094, 2, 0.35],
  ])('is that of the paper: %s', (_, zeroShot, compressed, classes, alpha) => {
    expect(Math.abs(alphaFrom({ zeroShot, compressed, classes }) - alpha)).toBeLessThan(0.01)
  })

  test('stays between 0 and 1', () => {
    expect(alphaFrom({ zeroShot: 0.9, compressed: 0.6, classes: 2 })).toBe(1)
    expect(alphaFrom({ zeroShot: 0.4, compressed: 0.6, classes: 2 })).toBe(0)
  })

  test('does not follow a student that guesses', () => {
    expect(alphaFrom({ zeroShot: 0.7, compressed: 0.5, classes: 2 })).toBe(1)
    expect(alphaFrom({ zeroShot: 0.7, compressed: 0.3, classes: 2 })).toBe(1)
    expect(alphaFrom({ zeroShot: 0.5, compressed: 0.5, classes: 2 })).toBe(DEFAULT_ALPHA)
    expect(alphaFrom({ zeroShot: 0.2, compressed: 0.1, classes: 2 })).toBe(DEFAULT_ALPHA)
  })
})

describe('canMeasure', () => {
  const example = { ids: Int32Array.of(1), read: [0], cut: false }
  const rows = (...classIndices: number[]): LabelledText[] =>
    classIndices.map((classIndex) => ({ example, classIndex }))
  const many = (count: number, classes: number): LabelledText[] =>
    rows(...Array.from({ length: count }, (_, row) => row % classes))

  test('needs rows of every class, and a hundred', () => {
    expect(canMeasure(many(100, 3), 3)).toBe(true)
    expect(canMeasure(many(99, 3), 3)).toBe(false)
    expect(canMeasure(many(200, 2), 3)).toBe(false)
    expect(canMeasure([], 3)).toBe(false)
  })
})
