import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawWithout, seededRandom } from '../../../workers/task/seededRandom.ts'

describe('seededRandom', () => {
  test('gives the same numbers for the same seed on every machine', () => {
    const random = seededRandom(7)
    const numbers = Array.from({ length: 5 }, () => random(1000))
    const again = seededRandom(7)
    expect(Array.from({ length: 5 }, () => again(1000))).toEqual(numbers)
    expect(Array.from({ length: 5 }, () => seededRandom(8)(1000))).not.toEqual(numbers)
  })

  test('stays below its bound and reaches all of it evenly', () => {
    const random = seededRandom(1)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let draw = 0; draw < 10_000; draw++) {
      const number = random(10)
      counts[number] = (counts[number] ?? 0) + 1
    }
    // 1,000 expected, standard deviation 30.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000)
  })
})

describe('drawWithout', () => {
  test('takes different numbers below the size, all of them where there are no more', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), fc.integer(), (size, count, seed) => {
        const drawn = drawWithout(seededRandom(seed), size, count)
        expect(drawn).toHaveLength(Math.min(size, count))
        expect(new Set(drawn).size).toBe(drawn.length)
        for (const number of drawn) expect(number >= 0 && number < size).toBe(true)
      }),
    )
  })

  test('takes each number about as often', () => {
    const random = seededRandom(3)
    const counts = Array.from({ length: 6 }, () => 0)
    for (let round = 0; round < 3_000; round++) {
      for (const number of drawWithout(random, 6, 2)) counts[number] = (counts[number] ?? 0) + 1
    }
    // 1,000 expected, standard deviation 26.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(130)
  })
})
