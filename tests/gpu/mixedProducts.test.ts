/** Products in halves, added up in float32: how far they are off, there and back. */
import process from 'node:process'
import { mul, scalar, tidy, type Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { createModel } from '../../workers/model/load.ts'
import type { WeightFormat } from '../../workers/protocol/tuning.ts'
import { roundToHalves } from '../../workers/runtime/half.ts'
import { allColumns, asMatrix } from '../../workers/runtime/columns.ts'
import { activatedLinear, activatedLinearBackward } from '../../workers/runtime/kernels/linear/activatedLinear.ts'
import { createLinear, linear, linearBackward, type Linear } from '../../workers/runtime/kernels/linear/linear.ts'
import { batchSizes } from '../../workers/pool/localEngine.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { hasHalves } from '../../workers/runtime/wgsl/program.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { computeTuneSum } from '../../workers/tune/compute.ts'
import { openTarget, type Target } from './support/backends.ts'
import { mixedExamples, TWO_TEXTS } from './support/examples.ts'
import { GPUS, matrix, values, vector } from './support/sameNumbers.ts'
import { readModel } from './support/vectors.ts'

/**
 * Relative (L2). A half is right to 2⁻¹¹ of itself, and rounding adds up like a walk: of a product's two factors one was
 * rounded for it, and of a sum of sixteen each part. Through a model's layers there and back it is a few times that.
 */
const OF_PRODUCTS = 4e-3
const OF_GRADIENTS = 5e-3

/** A software GPU takes some ten seconds to compile each kernel in halves. */
const LONG = process.env['LONG'] === '1'

const MIXED = GPUS.filter(({ software }) => !software)

describe.each(MIXED)('products in halves on $label', (target) => {
  const shapes = [
    { rows: 67, inner: 132, columns: 36 },
    ...(LONG
      ? [
          { rows: 3, inner: 4, columns: 8 },
          { rows: 35, inner: 1_028, columns: 52 },
        ]
      : []),
  ]
  it.each(shapes)('of $rows x $inner by $inner x $columns are right to 0.4 percent', async (shape) => {
    const { rows, inner, columns } = shape
    await openTarget(target)
    expect(hasHalves()).toBe(true)
    const compute = (): Tensor2D[] => {
      const norm = { gain: vector(inner, 5), bias: vector(inner, 6), eps: 1e-5 }
      const layer = make(format, [inner, columns])
      const x = allColumns(matrix(rows, inner, 7))
      const { y, saved } = activatedLinear(x, layer, { activation: 'gelu-tanh', norm: null })
      return [
        linear(x, layer),
        linear(x, layer, { norm }),
        linearBackward(allColumns(matrix(rows, columns, 8)), layer, matrix(rows, inner, 9)),
        asMatrix(y),
        activatedLinearBackward(allColumns(matrix(rows, inner, 10)), saved, make(format, [columns, inner])),
      ]
    }
    let format: WeightFormat = 'f16'
    const exact = await Promise.all(kept(compute).map(take))
    format = 'f16-mixed'
    const mixed = await Promise.all(kept(compute).map(take))
    for (const [index, expected] of exact.entries()) {
      const off = distance(mixed[index] ?? new Float32Array(), expected)
      expect(off, `result ${index}`).toBeLessThan(OF_PRODUCTS)
      // Or it was not computed in halves at all.
      expect(off, `result ${index}`).toBeGreaterThan(1e-6)
    }
  })

  it('are not infinite where a number is beyond the largest half', async () => {
    await openTarget(target)
    const y = await take(
      tidy(() => linear(allColumns(mul<Tensor2D>(matrix(5, 16, 1), scalar(1e6))), make('f16-mixed', [16, 8], 1e-3))),
    )
    expect(y.every(Number.isFinite)).toBe(true)
  })

  const models = (LONG ? ['gpt2', 'llama', 'roberta'] : ['gpt2']).flatMap((folder) =>
    [1, 1e-6].map((size) => ({ folder, size })),
  )
  it.each(models)("give $folder a prompt's gradient, of hidden states' as small as $size", async ({ folder, size }) => {
    const [exact, mixed] = [
      await gradient(target, folder, 'f16', size),
      await gradient(target, folder, 'f16-mixed', size),
    ]
    expect(distance(mixed, exact)).toBeLessThan(OF_GRADIENTS)
    expect(distance(mixed, exact)).toBeGreaterThan(1e-6)
  })
})

describe.each(MIXED)('contributions on $label in halves', (target) => {
  it('add up to those of the examples one by one', async () => {
    await openTarget(target)
    const model = createModel(await readModel('gpt2'), 'f16-mixed')
    const all = mixedExamples(5, 128)
    const rows = 20
    const prompt = model.embed(Array.from({ length: rows }, (_, row) => 40 + row))
    const sumOf = async (places: readonly number[]): Promise<Float64Array> => {
      const examples = places.flatMap((place) => all[place] ?? [])
      const batch = {
        slot: 'student',
        prompt,
        promptLength: rows,
        labelTokens: [[50], [60, 61], [70]],
        examples,
        labels: places.map((place) => place % 3),
        contribution: { kind: 'clipped', clipNorm: 0.05 },
      } as const
      const sizes = batchSizes({ name: 'webgpu', software: false }, { ...model.shape, promptLength: rows })
      return (await computeTuneSum(model, batch, microbatches(examples, sizes))).sum
    }
    const total = await sumOf([3, 0, 4, 1, 2])
    expect(total.some((value) => value !== 0)).toBe(true)
    const oneByOne = new Float64Array(total.length)
    for (const place of all.keys()) {
      const own = await sumOf([place])
      own.forEach((value, at) => {
        oneByOne[at] = (oneByOne[at] ?? 0) + value
      })
    }
    expect(oneByOne).toEqual(total)
    model.dispose()
  })
})

describe.each(GPUS.filter(({ software }) => software))('on $label', (target) => {
  it('products stay in float32', async () => {
    expect(await gradient(target, 'gpt2', 'f16-mixed', 1)).toEqual(await gradient(target, 'gpt2', 'f16', 1))
  })
})

function make(format: WeightFormat, [inner, columns]: readonly [number, number], size = 0.3): Linear {
  const weight = values(inner * columns, 1).map((value) => size * value)
  roundToHalves(weight)
  return createLinear({ weight, shape: [inner, columns], bias: values(columns, 2), format })
}

async function gradient(target: Target, folder: string, format: WeightFormat, size: number): Promise<Float32Array> {
  await openTarget(target)
  const model = createModel(await readModel(folder), format)
  const rows = 24
  const prefix = model.prefix(model.embed(Array.from({ length: rows }, (_, at) => 5 + at)), rows)
  const found = await take(
    kept(() => model.read(TWO_TEXTS, prefix).promptGradient(mul(matrix(2, model.shape.width, 3), scalar(size)))),
  )
  prefix.dispose()
  model.dispose()
  return found
}

/** Relative, L2. */
function distance(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length)
  return Math.hypot(...actual.map((value, at) => value - (expected[at] ?? 0))) / Math.hypot(...expected)
}
