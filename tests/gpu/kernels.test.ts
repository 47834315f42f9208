/** Own WGSL kernels against the same formulas composed of tfjs ops on the CPU, on awkward shapes. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import type { WeightFormat } from '../../workers/protocol/tuning.ts'
import { allColumns, asMatrix, columnsOf } from '../../workers/runtime/columns.ts'
import { partsOf, type Projections } from '../../workers/runtime/kernels/attention/projections.ts'
import {
  prefixAttention,
  prefixAttentionBackward,
  sharedKeys,
  sightOf,
  textAttention,
  textAttentionBackward,
  type RowsGradient,
} from '../../workers/runtime/kernels/attention/rows.ts'
import { ownSeen } from '../../workers/runtime/kernels/attention/masks.ts'
import { layerNorm, layerNormBackward } from '../../workers/runtime/kernels/layerNorm/layerNorm.ts'
import {
  createLinear,
  linear,
  linearBackward,
  linearResidual,
  type Linear,
} from '../../workers/runtime/kernels/linear/linear.ts'
import {
  activatedAgain,
  activatedLinear,
  activatedLinearBackward,
  preparedActivated,
} from '../../workers/runtime/kernels/linear/activatedLinear.ts'
import { roundToHalves } from '../../workers/runtime/half.ts'
import { expectSame, GPUS, matrix, values, vector } from './support/sameNumbers.ts'
import { onGpu } from '../../workers/runtime/wgsl/program.ts'

const GELU = { activation: 'gelu-tanh', norm: null } as const

describe.each(GPUS)('kernels on $label', (target) => {
  const shapes = [
    { rows: 1, inner: 4, columns: 4 },
    { rows: 7, inner: 20, columns: 36 },
    { rows: 33, inner: 48, columns: 132 },
    { rows: 130, inner: 100, columns: 68 },
  ]

  it.each(shapes)('multiplies $rows x $inner by $inner x $columns, with what is around it', async (shape) => {
    const { rows, inner, columns } = shape
    await expectSame(target, () => {
      const layer = makeLinear(inner, columns)
      const after = makeLinear(columns, inner)
      const [x, dy] = [allColumns(matrix(rows, inner, 3)), allColumns(matrix(rows, columns, 4))]
      // Columns in the middle of longer rows.
      const middle = columnsOf(matrix(rows, inner + 12, 7), 8, inner)
      const { y, saved } = activatedLinear(middle, layer, GELU)
      return [
        linear(x, layer),
        linearResidual(matrix(rows, columns, 5), middle, layer),
        linearBackward(dy, layer),
        linearBackward(columnsOf(matrix(rows, columns + 4, 8), 4, columns), layer, matrix(rows, inner, 6)),
        asMatrix(y),
        linear(y, after),
        activatedLinearBackward(allColumns(matrix(rows, inner, 9)), saved, after),
      ]
    })
  })

  // A gated one's 10 outputs are no whole vec4s: it takes a kernel of its own.
  const activations = (['gelu-erf', 'gated-silu'] as const).flatMap((activation) => [
    { activation, rows: 1, inner: 4, width: 4 },
    { activation, rows: 7, inner: 20, width: 10 },
    { activation, rows: 35, inner: 48, width: 132 },
  ])
  it.each(activations)('activates $rows x $width with $activation in the product', async (shape) => {
    const { activation, rows, inner, width } = shape
    await expectSame(target, () => {
      const up = makeLinear(inner, activation === 'gated-silu' ? 2 * width : width)
      const { y, saved } = activatedLinear(allColumns(matrix(rows, inner, 3)), up, { activation, norm: null })
      const down = makeLinear(width, inner)
      return [
        asMatrix(y),
        linear(y, down),
        activatedLinearBackward(allColumns(matrix(rows, inner, 4)), saved, down),
        activatedLinearBackward(allColumns(matrix(3 * rows, inner, 5)), saved, down),
        activatedAgain(saved),
      ]
    })
  })

  it.each(['f16', 'int8'] as const)('multiplies with weights of %s', async (format) => {
    const { inner, columns } = { inner: 36, columns: 52 }
    await expectSame(target, () => {
      const weight = values(inner * columns, 1)
      if (format === 'f16') roundToHalves(weight)
      const outputScale = values(columns, 2).map(Math.abs)
      const layer = createLinear({ weight, shape: [inner, columns], bias: values(columns, 3), format, outputScale })
      const { y } = activatedLinear(allColumns(matrix(7, inner, 5)), layer, GELU)
      return [
        linear(allColumns(matrix(7, inner, 6)), layer),
        linearBackward(allColumns(matrix(7, columns, 7)), layer),
        asMatrix(y),
      ]
    })
  })

  it.each(['in-out', 'out-in'] as const)('multiplies in parts that a binding holds, %s', async (layout) => {
    // 22 outputs of 8 inputs at most 300 bytes each: parts of 8, 8 and 6, the last filled up.
    const { inner, outer, rows } = { inner: 8, outer: 22, rows: 5 }
    await expectSame(target, () => {
      const parts = { weight: values(inner * outer, 1), bias: values(outer, 2), format: 'f32', layout } as const
      const layer = createLinear({ ...parts, shape: [inner, outer], mostBytes: 300 })
      if (onGpu()) expect(layer).toMatchObject({ kind: 'sharded', shards: [{ count: 8 }, { count: 8 }, { count: 6 }] })
      const dy = matrix(rows, outer, 4)
      return [
        linear(allColumns(matrix(rows, inner, 3)), layer),
        linearBackward(allColumns(dy), layer, matrix(rows, inner, 5)),
      ]
    })
  })

  it('takes gradients of several texts back through one saved pass', async () => {
    const { rows, inner, columns, copies } = { rows: 5, inner: 24, columns: 12, copies: 3 }
    await expectSame(target, () => {
      const layer = makeLinear(inner, columns)
      const { saved } = activatedLinear(allColumns(matrix(rows, columns, 4)), makeLinear(columns, inner), GELU)
      const norm = { gain: vector(inner, 5), bias: vector(inner, 6), eps: 1e-5 }
      const normed = layerNorm(matrix(rows, inner, 7), norm)
      return [
        activatedLinearBackward(allColumns(matrix(copies * rows, columns, 8)), preparedActivated(saved), layer),
        layerNormBackward(matrix(copies * rows, inner, 9), normed.saved, norm),
      ]
    })
  })

  it.each([4, 60, 768])('normalises rows of %i', async (width) => {
    await expectSame(target, () => {
      const norm = { gain: vector(width, 1), bias: vector(width, 2), eps: 1e-5 }
      const { y, saved } = layerNorm(matrix(9, width, 3), norm)
      const dy = matrix(9, width, 4)
      return [y, layerNormBackward(dy, saved, norm), layerNormBackward(dy, saved, norm, { rows: matrix(9, width, 5) })]
    })
  })

  const texts = [
    { heads: 1, keyHeads: 1, headWidth: 4, size: 1, length: 1, prefixRows: 1 },
    { heads: 3, keyHeads: 3, headWidth: 12, size: 5, length: 9, prefixRows: 7 },
    { heads: 6, keyHeads: 2, headWidth: 8, size: 3, length: 5, prefixRows: 4 },
    { heads: 2, keyHeads: 2, headWidth: 64, size: 2, length: 70, prefixRows: 65 },
  ]

  it.each(texts)('attends with $heads heads on $keyHeads, $size texts of $length behind $prefixRows', async (shape) => {
    const { heads, keyHeads, headWidth, size, length, prefixRows } = shape
    const [width, keyWidth] = [heads * headWidth, keyHeads * headWidth]
    await expectSame(target, () => {
      const own = { ...shape, prefixRows: 0, length: prefixRows }
      const prefix = sharedKeys(columnsOf(matrix(prefixRows, 2 * keyWidth + width, 1), width, 2 * keyWidth), own)
      const joint: Projections = { kind: 'joint', qkv: matrix(size * length, width + 2 * keyWidth, 2) }
      const each = textAttention({ projections: joint, prefix, sight: sightOf(shape, ownSeen(length), length) }, shape)
      const gradient = textAttentionBackward(matrix(size * length, width, 4), each.saved, 'all')
      const seen = Int32Array.from({ length: size }, (_, text) => 1 + ((text * 5) % length))
      const apart: Projections = {
        kind: 'apart',
        q: matrix(size, width, 13),
        kv: matrix(size * length, 2 * keyWidth, 3),
      }
      const one = textAttention({ projections: apart, prefix, sight: sightOf(shape, seen, 1) }, shape)
      const ofOne = textAttentionBackward(matrix(size, width, 6), one.saved, 'all')
      const parts = [gradient, ofOne].map(gradientParts(width))
      return [asMatrix(each.out), asMatrix(one.out), ...parts.flat()]
    })
  })

  it('attends without a prefix', async () => {
    const shape = { heads: 4, keyHeads: 2, headWidth: 4, size: 3, length: 6, prefixRows: 0 }
    // As a masked model attends: every token to all of its text, whose padding nobody sees.
    const seen = Int32Array.from({ length: 18 }, (_, row) => [6, 4, 1][Math.floor(row / 6)] ?? 0)
    await expectSame(target, () => {
      const projections: Projections = { kind: 'joint', qkv: matrix(18, 32, 1) }
      const { out, saved } = textAttention({ projections, prefix: null, sight: sightOf(shape, seen, 6) }, shape)
      const gradient = textAttentionBackward(matrix(18, 16, 3), saved, 'all')
      expect(gradient.prefix).toBeNull()
      return [asMatrix(out), ...gradientParts(16)(gradient)]
    })
  })

  it.each(['joint', 'apart'] as const)(
    'takes gradients of several texts back through the attention of the prefix, projections %s',
    async (kind) => {
      const { heads, keyHeads, width, rows, copies } = { heads: 4, keyHeads: 2, width: 48, rows: 11, copies: 3 }
      const shape = { heads, keyHeads, headWidth: 12, size: 1, length: rows, prefixRows: 0 }
      await expectSame(target, () => {
        const projections: Projections =
          kind === 'joint'
            ? { kind, qkv: matrix(rows, 2 * width, 1) }
            : { kind, q: matrix(rows, width, 1), kv: matrix(rows, width, 2) }
        const { out, saved } = prefixAttention(projections, sightOf(shape, ownSeen(rows), rows), shape)
        const arriving = matrix(copies * rows, width, 3)
        const own = prefixAttentionBackward(matrix(copies * rows, width, 4), saved, { arriving, keyHeads })
        return [asMatrix(out), ...gradientParts(width)({ prefix: null, own })]
      })
    },
  )
})

/** Of the prefix's keys and values, then of the own queries, then of the own keys and values. */
const gradientParts =
  (width: number) =>
  ({ prefix, own }: RowsGradient): readonly Tensor2D[] => {
    if (!own) throw new Error('gradients of the own rows expected')
    const { q, kv } = partsOf(own, width)
    return [...(prefix ? [prefix] : []), asMatrix(q), asMatrix(kv)]
  }

function makeLinear(inner: number, columns: number, format: WeightFormat = 'f32'): Linear {
  return createLinear({
    weight: values(inner * columns, 1),
    shape: [inner, columns],
    bias: values(columns, 2),
    format,
  })
}
