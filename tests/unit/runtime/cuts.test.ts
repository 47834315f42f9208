import { afterEach, describe, expect, it } from 'vitest'
import {
  candidates,
  cutFor,
  fastest,
  keepMeasured,
  SHAPE_CLASSES,
} from '../../../workers/runtime/kernels/linear/wgsl/cuts.ts'
import { setSoftwareGpu } from '../../../workers/runtime/wgsl/program.ts'

/** What every WebGPU device has. */
const LIMITS = { threads: 256, workgroupBytes: 16_384 }
const DEPTH = 16

afterEach(() => setSoftwareGpu(false))

describe('the cut of a product', () => {
  it.each(SHAPE_CLASSES)('of $rows rows and $columns columns is tried within what every device has', (shapeClass) => {
    const all = candidates(shapeClass)
    expect(new Set(all.map((cut) => JSON.stringify(cut))).size).toBe(all.length)
    for (const { rows, columns, down, across } of all) {
      expect(down * across).toBeLessThanOrEqual(LIMITS.threads)
      // Tiles of X and W; of each row the parts of a sum, mean and deviation.
      const bytes = DEPTH * (rows * down * 4 + columns * across * 16) + rows * down * (4 + 2) * 4
      expect(bytes).toBeLessThanOrEqual(LIMITS.workgroupBytes)
    }
  })

  it('is the fastest one, and the heuristic one where the gain may be noise', () => {
    const shapeClass = { rows: 'many', columns: 'wide' } as const
    const [heuristic, second, third] = candidates(shapeClass)
    expect(fastest(shapeClass, [1, 0.96, 2])).toEqual(heuristic)
    expect(fastest(shapeClass, [1, 0.9, 0.8])).toEqual(third)
    expect(fastest(shapeClass, [1, 0.8, 0.9])).toEqual(second)
  })

  it('is the measured one on a GPU, the heuristic one where nothing was measured, and another on a CPU', () => {
    const [heuristic] = candidates({ rows: 'few', columns: 'narrow' })
    const [, other] = candidates({ rows: 'many', columns: 'narrow' })
    if (!other) throw new Error('there is one candidate alone')
    keepMeasured({ rows: 'many', columns: 'narrow' }, other)
    expect(cutFor(512, 256)).toEqual(other)
    expect(cutFor(32, 256)).toEqual(heuristic)
    setSoftwareGpu(true)
    expect(cutFor(512, 256).kind).toBe('direct')
  })
})
