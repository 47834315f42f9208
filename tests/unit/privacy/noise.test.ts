import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { erfc } from '../../../workers/privacy/accountant/special.ts'
import { isBelowTail, tailFixedPoint } from '../../../workers/privacy/exactTail.ts'
import { addRoundedGaussian } from '../../../workers/privacy/noise.ts'
import { halfNormalQuantile } from '../../../workers/privacy/quantile.ts'
import { cryptoRandom, random64 } from '../../../workers/privacy/random.ts'
import { errorOf } from '../model/support.ts'
import { bytesFrom, chiSquare, chiSquareLimit, scriptedBytes, seededRandom } from './support.ts'

type TailRow = readonly [s: number, k: number, tail: string]
const golden = JSON.parse(readFileSync(new URL('../../golden/dp/tails.json', import.meta.url), 'utf8')) as {
  readonly rows: readonly TailRow[]
}

function draw(count: number, std: number, seed: number): Float64Array {
  const values = new Float64Array(count)
  addRoundedGaussian(values, std, seededRandom(seed))
  return values
}

function upperTail(x: number): number {
  return 0.5 * erfc(x / Math.SQRT2)
}

/** The bytes of the two words of one draw: 63 bits of U after a leading sign bit slot, see `noise.ts`. */
function wordsOf(uniform: bigint, negative: boolean): number[] {
  const top = Number(uniform >> 32n)
  const high = (top * 2 + (negative ? 1 : 0)) >>> 0
  return [...new Uint8Array(new Uint32Array([high, Number(uniform & 0xffffffffn)]).buffer)]
}

function bytesOf(word: bigint): number[] {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, word)
  return [...new Uint8Array(view.buffer)]
}

describe('the exact tail', () => {
  test.each(golden.rows)('s = %f, k = %i', (s, k, expected) => {
    const difference = tailFixedPoint(k, s, 192) - BigInt(expected)
    // Far inside the 2^32 units that the comparison allows for.
    expect(difference >= -1024n && difference <= 1024n).toBe(true)
  })

  test.each(golden.rows)('s = %f, k = %i: float64 is within a quarter of the error granted to it', (s, k, expected) => {
    const exact = Number(BigInt(expected)) / 2 ** 192
    const approximate = erfc((k + 0.5) / (s * Math.SQRT2))
    // Below 2^-80 no uniform of 63 bits ever meets the float64 tail.
    expect(exact < 2 ** -80 || Math.abs(approximate / exact - 1) < 2 ** -44).toBe(true)
  })

  test('undecided bits are followed by fresh ones until they decide', () => {
    const bits = 63
    const tail = tailFixedPoint(3, 2.5, bits + 64)
    const prefix = tail >> 64n
    const next = tail & ((1n << 64n) - 1n)
    const one = 1n << 40n
    const query = { k: 3, std: 2.5 }
    const below = isBelowTail({ prefix, bits }, query, scriptedBytes(bytesOf(next - one)))
    const above = isBelowTail({ prefix, bits }, query, scriptedBytes(bytesOf(next + one)))
    expect(below.below).toBe(true)
    expect(above.below).toBe(false)
    expect(above.uniform).toEqual({ prefix: (prefix << 64n) | (next + one), bits: 127 })
  })

  test('bits that decide by themselves ask for no more', () => {
    const answer = isBelowTail({ prefix: 1n << 62n, bits: 63 }, { k: 3, std: 2.5 }, scriptedBytes([]))
    expect(answer).toEqual({ below: false, uniform: { prefix: 1n << 62n, bits: 63 } })
  })
})

describe('one draw', () => {
  // Tails that 63 bits can stand just beside without touching the next one.
  const reachable = golden.rows.filter(([s, , tail]) => s <= 2 ** 16 && BigInt(tail) >> (192n - 60n) > 0n)

  test.each(reachable)('s = %f: U on either side of the tail at k = %i', (s, k, tail) => {
    const uniform = BigInt(tail) >> (192n - 63n)
    const values = new Float64Array(4)
    const bytes = [
      ...wordsOf(uniform - 1n, false),
      ...wordsOf(uniform - 1n, true),
      ...wordsOf(uniform + 1n, false),
      ...wordsOf(uniform + 1n, true),
    ]
    addRoundedGaussian(values, s, scriptedBytes(bytes))
    // Just below the tail at k the magnitude is above k, just above it at most k; far out a step of U skips several.
    const [inside = 0, insideNegative = 0, outside = 0, outsideNegative = 0] = values
    expect(inside).toBeGreaterThan(k)
    expect(outside).toBeLessThanOrEqual(k)
    expect(insideNegative).toBe(-inside)
    expect(outsideNegative === -outside).toBe(true)
    const isBelow = (bits: bigint, at: number): boolean =>
      isBelowTail({ prefix: bits, bits: 63 }, { k: at, std: s }, cryptoRandom).below
    expect(isBelow(uniform - 1n, inside - 1)).toBe(true)
    expect(isBelow(uniform - 1n, inside)).toBe(false)
  })

  test('a U of zeros draws further bits and lands in the far tail, not at its edge', () => {
    const values = new Float64Array(1)
    const zeros = Array.from({ length: 16 }, () => 0)
    const rest = Array.from({ length: 64 }, (_, i) => (37 * i + 11) & 0xff)
    addRoundedGaussian(values, 1000, scriptedBytes([...zeros, ...rest]))
    // U < 2^-126: beyond thirteen standard deviations, where float64 tables end at nine.
    expect(values[0]).toBeGreaterThan(12_500)
    expect(values[0]).toBeLessThan(14_000)
  })

  test('a U of ones is the centre', () => {
    const values = new Float64Array(1)
    addRoundedGaussian(values, 1000, scriptedBytes(wordsOf((1n << 63n) - 1n, false)))
    expect(values[0]).toBe(0)
  })
})

describe('many draws', () => {
  test.each([
    [0.4, 1],
    [1.8, 2],
    [32_768, 3],
    [2 ** 36, 4],
  ])('s = %f: moments of a Gaussian', (std, seed) => {
    const count = 200_000
    const values = draw(count, std, seed)
    expect(values.every(Number.isSafeInteger)).toBe(true)
    const moment = (power: number): number => values.reduce((sum, value) => sum + (value / std) ** power, 0) / count
    // Rounding adds 1/12 to the variance of a wide Gaussian; at 0.4 the figure is summed from the tail.
    const variance =
      (2 * Array.from({ length: 40 }, (_, k) => (2 * k + 1) * upperTail((k + 0.5) / std)).reduce((a, b) => a + b)) /
      std ** 2
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / count) * Math.max(1, std < 1 ? 1.3 : 1))
    const expected = std < 10 ? variance : 1 + 1 / (12 * std * std)
    expect(Math.abs(moment(2) - expected)).toBeLessThan(5 * Math.sqrt(4 / count))
    if (std > 1) expect(Math.abs(moment(4) - 3 * expected ** 2)).toBeLessThan(5 * Math.sqrt(96 / count) + 0.05)
  })

  test.each([
    [0.7, 11],
    [2.3, 12],
    [9.1, 13],
  ])('s = %f: every integer as often as it should be', (std, seed) => {
    const count = 300_000
    const values = draw(count, std, seed)
    const reach = Math.floor(3.2 * std)
    const observed = Array.from({ length: 2 * reach + 3 }, () => 0)
    for (const value of values) {
      const bin = Math.min(reach + 1, Math.max(-reach - 1, value)) + reach + 1
      observed[bin] = (observed[bin] ?? 0) + 1
    }
    const edges = Array.from({ length: 2 * reach + 2 }, (_, i) => upperTail((i - reach - 0.5) / std))
    const expected = observed.map((_, i) => count * ((i === 0 ? 1 : (edges[i - 1] ?? 0)) - (edges[i] ?? 0)))
    expect(chiSquare(observed, expected)).toBeLessThan(chiSquareLimit(observed.length - 1))
  })

  test('wide noise is uniform under its own distribution function, tails included', () => {
    const std = 32_768 * 1.3
    const count = 400_000
    const bins = 200
    const observed = Array.from({ length: bins }, () => 0)
    for (const value of draw(count, std, 21)) {
      const bin = Math.min(bins - 1, Math.floor(upperTail(value / std) * bins))
      observed[bin] = (observed[bin] ?? 0) + 1
    }
    const expected = observed.map(() => count / bins)
    expect(chiSquare(observed, expected)).toBeLessThan(chiSquareLimit(bins - 1))
    const beyond = (z: number): number => draw(count, std, 22).filter((value) => Math.abs(value) > z * std).length
    expect(Math.abs(beyond(3) - count * 2 * upperTail(3))).toBeLessThan(5 * Math.sqrt(count * 2 * upperTail(3)))
    expect(beyond(4)).toBeGreaterThan(5)
  })

  test('neighbouring draws are not related', () => {
    const count = 200_000
    const values = draw(count, 1000, 31)
    let product = 0
    for (let i = 1; i < count; i += 1) product += (values[i] ?? 0) * (values[i - 1] ?? 0)
    expect(Math.abs(product / (count * 1e6))).toBeLessThan(5 / Math.sqrt(count))
  })

  test('noise is added, not put in place', () => {
    const base = Float64Array.from({ length: 64 }, (_, i) => 2 ** 45 + i)
    const values = Float64Array.from(base)
    addRoundedGaussian(values, 50, seededRandom(41))
    const noise = draw(64, 50, 41)
    expect([...values]).toEqual([...base].map((value, i) => value + (noise[i] ?? 0)))
  })
})

test('the proposal of the quantile agrees with the tail', () => {
  for (let i = 1; i < 1000; i += 1) {
    const u = Math.exp(-i / 25)
    expect(Math.abs(erfc(halfNormalQuantile(u) / Math.SQRT2) / u - 1)).toBeLessThan(1e-13)
  }
})

test.each([0, -1, Number.NaN, Infinity, 2 ** 41, 2 ** -7])('refuses a deviation of %f', (std) => {
  errorOf('privacy-argument', () => addRoundedGaussian(new Float64Array(1), std, cryptoRandom))
})

test('the system generator fills arrays beyond its limit per call', () => {
  const bytes = bytesFrom(cryptoRandom, new Uint8Array(200_001))
  const observed = Array.from({ length: 256 }, () => 0)
  for (const byte of bytes) observed[byte] = (observed[byte] ?? 0) + 1
  const expected = observed.map(() => bytes.length / 256)
  // A stretch that was left at zero would exceed this by orders of magnitude; chance does once in 10^20.
  expect(chiSquare(observed, expected)).toBeLessThan(600)
  expect(random64(cryptoRandom)).not.toBe(random64(cryptoRandom))
})
