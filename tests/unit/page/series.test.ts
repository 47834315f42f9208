import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { type ChartSeries, downsample, mergeSeries, smooth, ticksTo } from '../../../src/ui/charts/series.ts'

const line = (length: number) => Array.from({ length }, (_, x) => ({ x, y: x % 7 }))

describe('downsample', () => {
  it('leaves few points as they are', () => {
    const points = line(500)
    expect(downsample(points)).toBe(points)
  })

  it('keeps the last x, the order and the mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 5_000 }), (length) => {
        const points = line(length)
        const few = downsample(points, 10)
        expect(few).toHaveLength(10)
        expect(few.at(-1)?.x).toBe(length - 1)
        expect(few.every((point, index) => index === 0 || point.x > (few[index - 1]?.x ?? 0))).toBe(true)
        const highest = Math.max(...few.map(({ y }) => y))
        expect(highest).toBeLessThanOrEqual(6)
      }),
    )
    const halves = downsample(
      [
        { x: 1, y: 0 },
        { x: 2, y: 4 },
        { x: 3, y: 1 },
        { x: 4, y: 3 },
      ],
      2,
    )
    expect(halves).toEqual([
      { x: 2, y: 2 },
      { x: 4, y: 2 },
    ])
  })
})

describe('smooth', () => {
  it('is the mean of the last points, fewer at the start', () => {
    const ys = smooth(
      [3, 5, 10, 12].map((y, x) => ({ x, y })),
      2,
    ).map(({ y }) => y)
    expect(ys).toEqual([3, 4, 7.5, 11])
  })
})

describe('ticksTo', () => {
  it('reaches the maximum in round steps, five at most', () => {
    expect(ticksTo(1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
    expect(ticksTo(8.8)).toEqual([0, 2, 4, 6, 8, 10])
    expect(ticksTo(2.2)).toEqual([0, 0.5, 1, 1.5, 2, 2.5])
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (max) => {
        const ticks = ticksTo(max)
        expect(ticks.length).toBeLessThanOrEqual(6)
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(max * (1 - 1e-5))
      }),
    )
  })
})

describe('mergeSeries', () => {
  it('has one row per x, with gaps where a line has no point', () => {
    const base = { color: 'red', weight: 'thick' } as const
    const series: ChartSeries[] = [
      {
        ...base,
        name: 'a',
        points: [
          { x: 2, y: 20 },
          { x: 1, y: 10 },
        ],
      },
      { ...base, name: 'b', points: [{ x: 2, y: 5 }] },
    ]
    expect(mergeSeries(series)).toEqual([
      { x: 1, values: [10, null] },
      { x: 2, values: [20, 5] },
    ])
  })
})
