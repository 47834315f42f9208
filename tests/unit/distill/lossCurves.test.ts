import { expect, test } from 'vitest'
import { lossCurvesSvg } from '../../../workers/distill/lossCurves.ts'
import type { DistillRecord } from '../../../workers/distill/run.ts'

const before: DistillRecord = { step: 0, tokens: 0, perplexity: 900, teacherPerplexity: 60, agreement: 0.1 }
const steps = Array.from({ length: 40 }, (_, at): DistillRecord => {
  const step = at + 1
  return { step, tokens: 10 * step, loss: 9, ce: 4 - at / 40, lm: 5, cos: 0, rate: 0.1 }
})
const after: DistillRecord = { step: 40, tokens: 400, perplexity: 90, teacherPerplexity: 60, agreement: 0.4 }

test('each term that was on has a curve of all steps, falling where it falls', () => {
  const svg = lossCurvesSvg([before, ...steps, after])
  const [ce = [], lm = [], perplexity = []] = curves(svg)
  expect(curves(svg)).toHaveLength(3)
  expect([ce.length, lm.length, perplexity.length]).toEqual([40, 40, 2])
  // Downwards on the screen is a larger y; steps lie from left to right.
  expect(ce.every(([x, y], at) => at === 0 || (x > (ce[at - 1]?.[0] ?? x) && y > (ce[at - 1]?.[1] ?? y)))).toBe(true)
  expect(new Set(lm.map(([, y]) => y)).size).toBe(1)
  expect(svg).toContain('step 40')
  expect(svg).toContain('>900<')
  expect(svg).not.toContain('cos:')
  expect(svg).not.toContain('NaN')
})

function curves(svg: string): [x: number, y: number][][] {
  return [...svg.matchAll(/polyline points="([^"]*)"/g)].map(([, points = '']) =>
    points.split(' ').map((point): [number, number] => {
      const [x = Number.NaN, y = Number.NaN] = point.split(',').map(Number)
      return [x, y]
    }),
  )
}
