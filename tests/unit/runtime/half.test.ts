import { describe, expect, it } from 'vitest'
import { fromHalves, halvesOf, roundToHalves, toHalf } from '../../../workers/runtime/half.ts'
import { roundToInt8 } from '../../../workers/runtime/kernels/linear/formats.ts'

describe('halvesOf', () => {
  it('keeps what halves hold, to the bit', () => {
    const values = fromHalves(Uint16Array.of(0x0001, 0x03ff, 0x0400, 0x3c01, 0x7bff, 0x8000, 0xc123))
    const halves = halvesOf(values)
    expect(halves && fromHalves(halves)).toEqual(values)
  })

  it('takes numbers of bfloat16, whose smallest become multiples of 2⁻²⁴', () => {
    const values = Float32Array.of(0.0230712890625, -1.1875, 2 ** -20 * 1.0078125)
    const halves = halvesOf(values)
    expect(halves && Math.abs((fromHalves(halves)[2] ?? 0) - (values[2] ?? 0))).toBeLessThanOrEqual(2 ** -25)
    expect(halves && fromHalves(halves).subarray(0, 2)).toEqual(values.subarray(0, 2))
  })

  it.each([0.1, 70_000, Number.NaN])('refuses an array with %f in it', (value) => {
    const values = new Float32Array(100_000).fill(0.5)
    values[99_999] = value
    expect(halvesOf(values)).toBeNull()
  })
})

describe('rounding', () => {
  it('is the same with and without halves of the platform', () => {
    const values = Float32Array.from({ length: 4_000 }, (_, at) => Math.sin(at * 12.9898) * 2 ** ((at % 40) - 25))
    const expected = fromHalves(Uint16Array.from(values, toHalf))
    expect(roundToHalves(values)).toBe(true)
    expect(values).toEqual(expected)
  })

  it('says where a number is beyond the largest half', () => {
    expect(roundToHalves(Float32Array.of(1, 65_519))).toBe(true)
    expect(roundToHalves(Float32Array.of(1, 65_520))).toBe(false)
  })

  it('to 8 bits gives each column 255 steps of its own', () => {
    const rounded = roundToInt8(Float32Array.of(127, 0.001, -63.4, 0, 0.6, -0.0006), 2)
    expect([...rounded].map((value) => Math.fround(value))).toEqual(
      [127, 0.001, -63, 0, 1, -0.0006].map((value, at) =>
        Math.fround(at % 2 === 0 ? value : Math.round(value / (0.001 / 127)) * Math.fround(0.001 / 127)),
      ),
    )
    expect(roundToInt8(new Float32Array(4), 2)).toEqual(new Float32Array(4))
  })
})
