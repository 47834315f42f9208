import { describe, expect, test } from 'vitest'
import { cryptoRandom } from '../../../workers/privacy/random.ts'
import { heldOutCoins, poissonSample } from '../../../workers/privacy/sampler.ts'
import { errorOf } from '../model/support.ts'
import { chiSquare, chiSquareLimit, scriptedBytes, seededRandom } from './support.ts'

const rows = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => 3 * i + 7)

/** P[Binomial(n, q) = m]. */
function binomial(n: number, q: number, m: number): number {
  let log = m * Math.log(q) + (n - m) * Math.log1p(-q)
  for (let i = 0; i < m; i += 1) log += Math.log((n - i) / (i + 1))
  return Math.exp(log)
}

/** `observed` heads of `trials` coins, by at most five standard deviations. */
function expectWithin(observed: number, trials: number, p: number): void {
  expect(Math.abs(observed - trials * p)).toBeLessThan(5 * Math.sqrt(trials * p * (1 - p)))
}

/** The bytes of a coin that shows `value` of 2^53. */
function coinOf(value: bigint): number[] {
  return [...new Uint8Array(new Uint32Array([Number(value >> 32n) * 2 ** 11, Number(value & 0xffffffffn)]).buffer)]
}

describe('Poisson sampling', () => {
  test('sizes follow the binomial law, empty samples included', () => {
    const [count, q, draws] = [40, 0.05, 40_000]
    const random = seededRandom(1)
    const observed = Array.from({ length: 8 }, () => 0)
    for (let i = 0; i < draws; i += 1) {
      const size = Math.min(7, poissonSample(rows(count), q, random).length)
      observed[size] = (observed[size] ?? 0) + 1
    }
    const expected = observed.map((_, m) => draws * binomial(count, q, m))
    expected[7] = draws - expected.slice(0, 7).reduce((a, b) => a + b)
    expect(chiSquare(observed, expected)).toBeLessThan(chiSquareLimit(7))
    expect(observed[0]).toBeGreaterThan(0)
  })

  test('every row comes equally often, and pairs as often as independent rows do', () => {
    const [count, q, draws] = [12, 0.3, 30_000]
    const random = seededRandom(2)
    const single = Array.from({ length: count }, () => 0)
    const pairs = Array.from({ length: count * count }, () => 0)
    let repeated = 0
    let before = new Set<number>()
    for (let i = 0; i < draws; i += 1) {
      const sample = [...poissonSample(rows(count), q, random)].map((row) => (row - 7) / 3)
      for (const a of sample) {
        single[a] = (single[a] ?? 0) + 1
        for (const b of sample) if (a < b) pairs[a * count + b] = (pairs[a * count + b] ?? 0) + 1
      }
      repeated += sample.filter((row) => before.has(row)).length
      before = new Set(sample)
    }
    for (const times of single) expectWithin(times, draws, q)
    for (let a = 0; a < count; a += 1) {
      for (let b = a + 1; b < count; b += 1) expectWithin(pairs[a * count + b] ?? 0, draws, q * q)
    }
    // A shuffled epoch would repeat hardly any row in the next sample.
    expectWithin(repeated, draws * count, q * q)
  })

  test('keeps order and invents no row', () => {
    const candidates = rows(20_000)
    const sample = poissonSample(candidates, 0.5, cryptoRandom)
    expect([...sample]).toEqual([...new Set(sample)].sort((a, b) => a - b))
    const known = new Set(candidates)
    expect(sample.every((row) => known.has(row))).toBe(true)
    expect(Math.abs(sample.length - 10_000)).toBeLessThan(500)
  })

  test('q = 0 takes none, q = 1 takes all', () => {
    expect(poissonSample(rows(10_000), 0, cryptoRandom)).toHaveLength(0)
    expect(poissonSample(rows(10_000), 1, cryptoRandom)).toEqual(rows(10_000))
  })

  test('compares all 53 bits: q is met to its last one and never exceeded', () => {
    const q = 0.1
    const threshold = BigInt(Math.floor(q * 2 ** 53))
    const random = scriptedBytes([...coinOf(threshold - 1n), ...coinOf(threshold), ...coinOf(threshold + 1n)])
    expect([...poissonSample(Uint32Array.of(0, 1, 2), q, random)]).toEqual([0])
    expect(random.left()).toBe(0)
  })

  test.each([-0.1, 1.1, Number.NaN])('refuses q = %f', (q) => {
    errorOf('privacy-argument', () => poissonSample(rows(3), q, cryptoRandom))
  })
})

describe('held-out coins', () => {
  test('one coin per row with the given probability', () => {
    const coins = heldOutCoins(50_000, 0.15, seededRandom(3))
    const heads = coins.reduce((sum, coin) => sum + coin, 0)
    expect(coins.every((coin) => coin === 0 || coin === 1)).toBe(true)
    expect(Math.abs(heads - 7_500)).toBeLessThan(5 * Math.sqrt(50_000 * 0.15 * 0.85))
  })

  test('refuses a probability above 1', () => {
    errorOf('privacy-argument', () => heldOutCoins(3, 1.5, cryptoRandom))
  })
})
