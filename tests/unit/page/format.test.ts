import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, formatFigure, formatPlural, formatTiny } from '../../../src/ui/format.ts'

describe('format', () => {
  it('says spans of time as people do', () => {
    expect([0.2, 59.4, 60, 61, 219, 3_600, 5_460].map(formatDuration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '1 min 1 s',
      '3 min 39 s',
      '1 h',
      '1 h 31 min',
    ])
    expect(formatDuration(-3)).toBe('0 s')
  })

  it('says sizes, figures and counts', () => {
    expect([999, 1_000, 7_707_544, 123_456_789].map(formatBytes)).toEqual([
      '999\u00A0bytes',
      '1.0\u00A0KB',
      '7.7\u00A0MB',
      '123\u00A0MB',
    ])
    expect(formatFigure(0.61634)).toBe('0.616')
    expect(formatFigure(8)).toBe('8')
    expect(formatPlural(1, 'row')).toBe('1 row')
    expect(formatPlural(10_003, 'row')).toBe('10,003 rows')
  })

  it('writes small numbers as powers of ten', () => {
    expect(formatTiny(1e-5)).toBe('10⁻⁵')
    expect(formatTiny(2.5e-10)).toBe('2.5 × 10⁻¹⁰')
  })
})
