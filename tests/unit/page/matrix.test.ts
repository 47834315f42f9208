import { describe, expect, it } from 'vitest'
import { paint, scaleOf } from '../../../src/features/send/matrix.ts'

const PALETTE = { below: [200, 0, 0], zero: [255, 255, 255], above: [0, 0, 200] } as const

describe('the picture of a prompt', () => {
  it('has a scale around zero that one outlier does not stretch', () => {
    const values = Float32Array.from({ length: 200 }, (_, i) => (i === 7 ? -1_000 : i / 100))
    const { low, high } = scaleOf(values)
    expect(low).toBe(-high)
    expect(high).toBeLessThanOrEqual(2)
    expect(high).toBeGreaterThan(1.9)
  })

  it('paints zero, both ends, what lies between and what lies beyond', () => {
    const pixels = paint(Float32Array.of(0, -2, 1, 9), { low: -2, high: 2 }, PALETTE)
    expect([...pixels]).toEqual([255, 255, 255, 255, 200, 0, 0, 255, 128, 128, 228, 255, 0, 0, 200, 255])
  })

  it('paints a prompt of zeros', () => {
    const zeros = new Float32Array(4)
    expect([...paint(zeros, scaleOf(zeros), PALETTE)]).toEqual(Array.from({ length: 16 }, () => 255))
  })
})
