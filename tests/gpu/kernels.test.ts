/** Own WGSL kernels against the same formulas composed of tfjs ops on the CPU, on awkward shapes. */
import { setBackend, slice, tensor1d, tensor2d, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import type { WeightFormat } from '../../workers/protocol/tuning.ts'
import {
  prefixAttention,
  prefixAttentionBackward,
  sharedKeys,
  sightOf,
  textAttention,
  textAttentionBackward,
} from '../../workers/runtime/kernels/attention/rows.ts'
import { layerNorm, layerNormBackward } from '../../workers/runtime/kernels/layerNorm/layerNorm.ts'
import {
  createLinear,
  geluLinearBackward,
  geluLinearResidual,
  linear,
  linearBackward,
  linearResidual,
  preparedGelu,
  type Linear,
} from '../../workers/runtime/kernels/linear/linear.ts'
import { roundToHalves } from '../../workers/runtime/half.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { TARGETS, openTarget } from './support/backends.ts'

/** float32 sums in another order. */
const TOLERANCE = 2e-5

const gpus = TARGETS.filter(({ backend }) => backend === 'webgpu')

/** The same numbers for the same place. */
function values(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed * 78.233) * 1.7)
}

function matrix(rows: number, columns: number, seed: number): Tensor2D {
  return tensor2d(values(rows * columns, seed), [rows, columns])
}

function vector(size: number, seed: number): Tensor1D {
  return tensor1d(values(size, seed))
}

function makeLinear(inner: number, columns: number, format: WeightFormat = 'f32'): Linear {
  return createLinear({
    weight: values(inner * columns, 1),
    shape: [inner, columns],
    bias: values(columns, 2),
    format,
  })
}

/** What `compute` gives on the CPU and on the GPU, each result as an array. */
async function onBoth(
  target: (typeof TARGETS)[number],
  compute: () => readonly Tensor2D[],
): Promise<{ readonly gpu: Float32Array[]; readonly cpu: Float32Array[] }> {
  const results = async (): Promise<Float32Array[]> => {
    const tensors = kept(compute)
    return await Promise.all(tensors.map(take))
  }
  await openTarget(target)
  const gpu = await results()
  await setBackend('cpu')
  return { gpu, cpu: await results() }
}

async function expectSame(target: (typeof TARGETS)[number], compute: () => readonly Tensor2D[]): Promise<void> {
  const { gpu, cpu } = await onBoth(target, compute)
  expect(gpu.length).toBe(cpu.length)
  for (const [index, expected] of cpu.entries()) {
    const actual = gpu[index] ?? new Float32Array()
    expect(actual.length).toBe(expected.length)
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(scale).toBeGreaterThan(0)
    const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (actual[at] ?? NaN))), 0)
    expect(worst / scale, `result ${index}`).toBeLessThan(TOLERANCE)
  }
}

describe.each(gpus)('kernels on $label', (target) => {
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
      const [x, dy] = [matrix(rows, inner, 3), matrix(rows, columns, 4)]
      const residual = matrix(rows, columns, 5)
      const { y, saved } = geluLinearResidual(residual, x, layer)
      return [
        linear(x, layer),
        linearResidual(residual, x, layer),
        linearBackward(dy, layer),
        linearBackward(dy, layer, matrix(rows, inner, 6)),
        y,
        geluLinearBackward(dy, saved, layer),
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
      const { y, saved } = geluLinearResidual(matrix(7, columns, 4), matrix(7, inner, 5), layer)
      return [
        linear(matrix(7, inner, 6), layer),
        linearBackward(matrix(7, columns, 7), layer),
        y,
        geluLinearBackward(matrix(7, columns, 8), saved, layer),
      ]
    })
  })

  it('takes gradients of several texts back through one saved pass', async () => {
    const { rows, inner, columns, copies } = { rows: 5, inner: 24, columns: 12, copies: 3 }
    await expectSame(target, () => {
      const layer = makeLinear(inner, columns)
      const { saved } = geluLinearResidual(matrix(rows, columns, 3), matrix(rows, inner, 4), layer)
      const norm = { gain: vector(inner, 5), bias: vector(inner, 6), eps: 1e-5 }
      const normed = layerNorm(matrix(rows, inner, 7), norm)
      return [
        geluLinearBackward(matrix(copies * rows, columns, 8), preparedGelu(saved), layer),
        layerNormBackward(matrix(copies * rows, inner, 9), normed.saved, norm),
      ]
    })
  })

  it.each([4, 60, 768])('normalises rows of %i', async (width) => {
    await expectSame(target, () => {
      const norm = { gain: vector(width, 1), bias: vector(width, 2), eps: 1e-5 }
      const { y, saved } = layerNorm(matrix(9, width, 3), norm)
      const dy = matrix(9, width, 4)
      return [y, layerNormBackward(dy, saved, norm), layerNormBackward(dy, saved, norm, matrix(9, width, 5))]
    })
  })

  const texts = [
    { heads: 1, width: 4, size: 1, length: 1, prefixRows: 1 },
    { heads: 3, width: 36, size: 5, length: 9, prefixRows: 7 },
    { heads: 2, width: 128, size: 2, length: 70, prefixRows: 65 },
  ]

  it.each(texts)('attends with $heads heads, $size texts of $length behind $prefixRows', async (given) => {
    const { width, size, length, prefixRows } = given
    const shape = { ...given, contextLength: 512 }
    await expectSame(target, () => {
      const prefix = sharedKeys(matrix(prefixRows, 2 * width, 1), shape)
      const [q, kv] = [matrix(size * length, width, 2), matrix(size * length, 2 * width, 3)]
      const each = textAttention({ q, kv, prefix, sight: sightOf(shape, null) }, shape)
      const gradient = textAttentionBackward(matrix(size * length, width, 4), each.saved, 'all')
      const read = Int32Array.from({ length: size }, (_, text) => (text * 5) % length)
      const one = textAttention({ q: matrix(size, width, 5), kv, prefix, sight: sightOf(shape, read) }, shape)
      const ofOne = textAttentionBackward(matrix(size, width, 6), one.saved, 'prefix')
      if (!gradient.own) throw new Error('gradients of the own tokens expected')
      const { own } = gradient
      return [each.out, gradient.prefix, columnsOf(own.q, width), own.kv, one.out, ofOne.prefix]
    })
  })

  it('attends without a prefix', async () => {
    const shape = { heads: 2, width: 16, size: 3, length: 6, prefixRows: 0, contextLength: 64 }
    await expectSame(target, () => {
      const [q, kv] = [matrix(18, 16, 1), matrix(18, 32, 2)]
      return [textAttention({ q, kv, prefix: null, sight: sightOf(shape, null) }, shape).out]
    })
  })

  it('takes gradients of several texts back through the attention of the prefix', async () => {
    const { heads, width, rows, copies } = { heads: 2, width: 24, rows: 11, copies: 3 }
    const shape = { heads, width, size: 1, length: rows, prefixRows: 0, contextLength: 64 }
    await expectSame(target, () => {
      const keys = sharedKeys(matrix(rows, 2 * width, 1), shape)
      const { out, saved } = prefixAttention(matrix(rows, width, 2), keys, sightOf(shape, null), shape)
      const arriving = matrix(copies * rows, 2 * width, 3)
      const own = prefixAttentionBackward(matrix(copies * rows, width, 4), saved, { arriving, heads })
      return [out, columnsOf(own.q, width), own.kv]
    })
  })
})

/** The first columns: rows may be longer. */
function columnsOf(x: Tensor2D, width: number): Tensor2D {
  return slice(x, [0, 0], [x.shape[0], width])
}
