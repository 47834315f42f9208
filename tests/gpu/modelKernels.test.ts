/** Kernels that not every architecture has, against the same formulas composed of tfjs ops on the CPU. */
import { concat, slice, zeros, type Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { allColumns } from '../../workers/runtime/columns.ts'
import { ownSeen } from '../../workers/runtime/kernels/attention/masks.ts'
import type { Projections } from '../../workers/runtime/kernels/attention/projections.ts'
import {
  prefixAttention,
  sequenceAttentionBackward,
  sightOf,
  textAttention,
} from '../../workers/runtime/kernels/attention/rows.ts'
import { gatedSilu, gatedSiluBackward } from '../../workers/runtime/kernels/gatedSilu/gatedSilu.ts'
import { geluErf, geluErfBackward } from '../../workers/runtime/kernels/geluErf/geluErf.ts'
import { createLinear, linear } from '../../workers/runtime/kernels/linear/linear.ts'
import { rmsNorm, rmsNormBackward } from '../../workers/runtime/kernels/rmsNorm/rmsNorm.ts'
import { rotate, type Turn } from '../../workers/runtime/kernels/rope/rope.ts'
import { ownRows } from '../../workers/runtime/kernels/sequences.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { openTarget } from './support/backends.ts'
import { expectSame, GPUS, matrix, values, vector } from './support/sameNumbers.ts'
import { expectClose } from './support/vectors.ts'

describe.each(GPUS)('kernels on $label', (target) => {
  const heads = [
    { rows: 1, inner: 4, headWidth: 8, heads: 1 },
    { rows: 15, inner: 20, headWidth: 24, heads: 3 },
    { rows: 70, inner: 36, headWidth: 64, heads: 2 },
    // Of no whole vec4s on either side: turned by a kernel of its own.
    { rows: 10, inner: 12, headWidth: 12, heads: 2 },
  ]
  it.each(heads)('turns $heads heads of $headWidth as they are made', async ({ rows, inner, headWidth, heads }) => {
    await expectSame(target, () => {
      const columns = (heads + 1) * headWidth
      const weight = values(inner * columns, 1)
      const parts = { weight, bias: values(columns, 2), format: 'f32', outputScale: values(columns, 5) } as const
      const layer = createLinear({ ...parts, shape: [inner, columns] })
      // As many positions as rows, and rows of several texts at the same.
      const turnings = [rows, rows % 5 === 0 ? rows / 5 : rows].map((positions) => ({
        angles: matrix(positions, headWidth, 4),
        turned: heads * headWidth,
        columns,
      }))
      return turnings.map((turning) => linear(allColumns(matrix(rows, inner, 3)), layer, { turning }))
    })
  })

  it.each(['each', 'sum'] as const)("turns a sequence's gradients back, of %s", async (of) => {
    await openTarget(target)
    const shape = { heads: 6, keyHeads: 2, headWidth: 24, size: 3, length: 5, prefixRows: 4 }
    const { headWidth, size, length, prefixRows } = shape
    const [width, columns] = [6 * headWidth, 10 * headWidth]
    const places = prefixRows + length
    const [turned, apart] = kept(() => {
      const own = { ...shape, size: 1, length: prefixRows, prefixRows: 0 }
      const prompt: Projections = { kind: 'joint', qkv: matrix(prefixRows, columns, 1) }
      const first = prefixAttention(prompt, sightOf(own, ownSeen(prefixRows), prefixRows), own)
      const projections: Projections = { kind: 'joint', qkv: matrix(size * length, columns, 2) }
      const sight = sightOf(shape, ownSeen(length), length)
      const { saved } = textAttention({ projections, prefix: first.keys, sight }, shape)
      if (saved.kind !== 'rows' || first.saved.kind !== 'rows') throw new Error('own kernels expected')
      const attended = { text: saved, prefix: first.saved }
      const rows = of === 'each' ? size * places : prefixRows + size * length
      const dOut = matrix(rows, width, 3)
      const angles = matrix(places, headWidth, 4)
      const back = (by: Tensor2D | undefined): Tensor2D =>
        sequenceAttentionBackward(dOut, attended, { which: 'all', of, angles: by })
      const ofRows = of === 'each' ? angles : angleRows(angles, size)
      return [back(angles), rotate(back(undefined), { angles: ofRows, turned: 8 * headWidth, columns, direction: -1 })]
    })
    const [actual, expected] = await Promise.all([turned, apart].map(async (x) => await take(x ?? zeros([1]))))
    expect(actual?.some((value) => value !== 0)).toBe(true)
    expectClose(actual ?? [], expected ?? [], { rtol: 1e-5, atol: 1e-5 })
    function angleRows(angles: Tensor2D, texts: number): Tensor2D {
      const [prompt, ownRows] = [slice(angles, [0, 0], [prefixRows, headWidth]), slice(angles, [prefixRows, 0])]
      return concat<Tensor2D>([prompt, ...Array.from({ length: texts }, () => ownRows)])
    }
  })

  it.each([4, 60, 768])('normalises rows of %i by their root mean square', async (width) => {
    await expectSame(target, () => {
      const norm = { gain: vector(width, 1), eps: 1e-5 }
      const [x, dy] = [matrix(9, width, 2), matrix(9, width, 3)]
      return [
        rmsNorm(x, norm),
        rmsNormBackward(dy, ownRows(x), norm),
        rmsNormBackward(dy, ownRows(x), norm, { rows: matrix(9, width, 4) }),
        rmsNormBackward(matrix(27, width, 5), ownRows(x), norm),
      ]
    })
  })

  it.each([4, 36, 300])('applies activations to rows of %i', async (width) => {
    await expectSame(target, () => {
      const [x, u] = [matrix(7, width, 1), matrix(7, 2 * width, 2)]
      return [
        geluErf(x),
        geluErfBackward(matrix(21, width, 3), ownRows(x)),
        gatedSilu(u),
        gatedSiluBackward(matrix(21, width, 4), ownRows(u)),
      ]
    })
  })

  it('turns heads by their positions, and back', async () => {
    await expectSame(target, () => {
      const angles = matrix(5, 8, 1)
      const all: Turn = { angles, turned: 24, columns: 24, direction: 1 }
      const half: Turn = { angles, turned: 24, columns: 48, direction: -1 }
      // Rows that are longer than what is asked for, as an attention kernel leaves them.
      return [rotate(matrix(15, 24, 3), all), rotate(matrix(15, 36, 4), all), rotate(matrix(10, 48, 5), half)]
    })
  })
})
