/** Our own SIMD on WASM against the same products by tfjs on the CPU, on awkward shapes. */
import { reshape, setBackend, tensor3d, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { allColumns, columnsOf } from '../../workers/runtime/columns.ts'
import {
  createLinear,
  linear,
  linearBackward,
  linearResidual,
  linearWeightGradient,
} from '../../workers/runtime/kernels/linear/linear.ts'
import { crossProduct, products } from '../../workers/runtime/kernels/products.ts'
import { hasSimdProduct } from '../../workers/runtime/simd/product.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { openTestBackend, TARGETS } from './support/backends.ts'
import { expectSame, matrix, values } from './support/sameNumbers.ts'

const wasm = TARGETS.find(({ backend }) => backend === 'wasm')
if (!wasm) throw new Error('WASM runs everywhere')

describe('products on WASM', () => {
  it.each([
    { rows: 1, inner: 1, columns: 1 },
    { rows: 1, inner: 4, columns: 8 },
    { rows: 5, inner: 7, columns: 3 },
    { rows: 7, inner: 20, columns: 37 },
    { rows: 33, inner: 50, columns: 130 },
    { rows: 130, inner: 101, columns: 68 },
  ])('$rows x $inner by $inner x $columns, both ways and with what is around it', async (shape) => {
    const { rows, inner, columns } = shape
    await expectSame(wasm, () => {
      const parts = { shape: [inner, columns], bias: values(columns, 2), format: 'f32' } as const
      const layers = [
        createLinear({ ...parts, weight: values(inner * columns, 1) }),
        createLinear({ ...parts, weight: values(inner * columns, 1), layout: 'out-in', bias: null }),
        createLinear({ ...parts, weight: values(inner * columns, 1), outputScale: values(columns, 11) }),
      ]
      const [x, dy] = [matrix(rows, inner, 3), matrix(rows, columns, 4)]
      // Columns in the middle of longer rows.
      const middle = columnsOf(matrix(rows, inner + 5, 7), 2, inner)
      return [
        ...layers.flatMap((layer) => [
          linear(allColumns(x), layer),
          linear(middle, layer),
          linearResidual(matrix(rows, columns, 5), middle, layer),
          linearBackward(allColumns(dy), layer),
          linearBackward(columnsOf(matrix(rows, columns + 3, 8), 1, columns), layer, matrix(rows, inner, 6)),
        ]),
        linearWeightGradient(x, dy).w,
      ]
    })
  })

  it.each([
    { size: 1, rows: 1, terms: 1, columns: 1 },
    { size: 3, rows: 5, terms: 13, columns: 9 },
    { size: 4, rows: 16, terms: 8, columns: 24 },
  ])('$size times $rows x $terms by $terms x $columns, each factor as it is and turned', async (shape) => {
    const { size, rows, terms, columns } = shape
    const stackOf = (height: number, width: number, seed: number): Tensor3D =>
      tensor3d(values(size * height * width, seed), [size, height, width])
    const flat = (x: Tensor3D): Tensor2D => reshape(x, [size * rows, columns])
    await expectSame(wasm, () => [
      flat(products(stackOf(rows, terms, 1), stackOf(terms, columns, 2))),
      flat(products(stackOf(terms, rows, 3), stackOf(terms, columns, 4), 'a')),
      flat(products(stackOf(rows, terms, 5), stackOf(columns, terms, 6), 'b')),
      crossProduct(matrix(terms, rows, 7), matrix(terms, columns, 8)),
    ])
  })

  it('keeps one copy of a weight, and the numbers of a row whatever rows are beside it', async () => {
    await openTestBackend('wasm')
    expect(hasSimdProduct()).toBe(true)
    const weight = values(40 * 29, 1)
    const layer = kept(() => createLinear({ shape: [40, 29], weight, bias: null, format: 'f32' }))
    expect(layer).toMatchObject({ kind: 'simd', w: { layout: 'in-out' } })
    const rowsOf = async (rows: number): Promise<Float32Array> =>
      await take(kept(() => linear(allColumns(matrix(rows, 40, 3)), layer)))
    const all = await rowsOf(50)
    for (const rows of [1, 6, 7, 23]) expect(await rowsOf(rows)).toEqual(all.slice(0, rows * 29))
  })

  it('leaves other backends their own products', async () => {
    await setBackend('cpu')
    expect(hasSimdProduct()).toBe(false)
  })
})
