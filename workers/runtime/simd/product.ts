/**
 * Matrix products on WASM by our own SIMD, on the tensors of tfjs's backend, where they are: a matrix is read both ways
 * from one copy, and a product and a sum are one instruction where the browser has it. The enclosing `tidy` owns results.
 */
import { engine, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { Columns } from '../columns.ts'
import { simdMemory, type Product, type SimdMemory } from './memory.ts'

/** W `[in, out]` as its numbers lie: row by row, or column by column. */
export type SimdWeight = {
  readonly values: Tensor
  readonly layout: 'in-out' | 'out-in'
  readonly inner: number
  readonly outer: number
}

const BYTES = Float32Array.BYTES_PER_ELEMENT

/** Whether this thread's tensors are where our own wasm can work on them. */
export function hasSimdProduct(): boolean {
  return simdMemory() !== null
}

export type SimdRequest = {
  /** x Wᵀ in place of x W. */
  readonly turned?: boolean
  /** Added to each row; of as many numbers as the result has columns. */
  readonly bias?: Tensor | null
  /** Added; of the result's shape. */
  readonly plus?: Tensor2D | null
}

/** x `[n, in]` to x W `[n, out]`, or x `[n, out]` to x Wᵀ `[n, in]`. */
export function simdProduct(x: Columns, w: SimdWeight, request: SimdRequest = {}): Tensor2D {
  const { turned = false, bias = null, plus = null } = request
  const memory = requireMemory()
  const [terms, columns] = turned ? [w.outer, w.inner] : [w.inner, w.outer]
  requireEqual(x.count, terms)
  const [rows, width] = x.x.shape
  const output = memory.backend.makeOutput([rows, columns], 'float32')
  memory.multiply({
    x: memory.addressOf(x.x.dataId) + x.from * BYTES,
    xRowStride: width * BYTES,
    xTermStride: BYTES,
    w: memory.addressOf(w.values.dataId),
    ...rightStrides({ terms, columns }, (w.layout === 'in-out') !== turned),
    y: memory.addressOf(output.dataId),
    yStride: columns * BYTES,
    bias: bias && memory.addressOf(bias.dataId),
    plus: plus && memory.addressOf(plus.dataId),
    rows,
    terms,
    columns,
  })
  return engine().makeTensorFromTensorInfo(output) as Tensor2D
}

/** Which of the two factors stands with its last axes exchanged. */
export type Turned = 'a' | 'b' | null

/** a `[B, n, k]` by b `[B, k, m]`, matrix by matrix; the turned one has its last two axes exchanged. */
export function simdProducts(a: Tensor3D, b: Tensor3D, turned: Turned): Tensor3D {
  const memory = requireMemory()
  const [size, ...left] = a.shape
  const [rows, terms] = turned === 'a' ? [left[1], left[0]] : left
  const [, ...right] = b.shape
  const [otherTerms, columns] = turned === 'b' ? [right[1], right[0]] : right
  requireEqual(terms, otherTerms)
  requireEqual(size, b.shape[0])
  const output = memory.backend.makeOutput([size, rows, columns], 'float32')
  const [x, w, y] = [a, b, output].map(({ dataId }) => memory.addressOf(dataId)) as [number, number, number]
  memory.multiply(
    {
      x,
      xRowStride: turned === 'a' ? BYTES : terms * BYTES,
      xTermStride: turned === 'a' ? rows * BYTES : BYTES,
      w,
      ...rightStrides({ terms, columns }, turned !== 'b'),
      y,
      yStride: columns * BYTES,
      bias: null,
      plus: null,
      rows,
      terms,
      columns,
    },
    { times: size, x: rows * terms * BYTES, w: terms * columns * BYTES, y: rows * columns * BYTES },
  )
  return engine().makeTensorFromTensorInfo(output) as Tensor3D
}

/** @param beside whether a term's columns lie beside each other. */
function rightStrides(
  { terms, columns }: Pick<Product, 'terms' | 'columns'>,
  beside: boolean,
): Pick<Product, 'wTermStride' | 'wColumnStride'> {
  return beside
    ? { wTermStride: columns * BYTES, wColumnStride: BYTES }
    : { wTermStride: BYTES, wColumnStride: terms * BYTES }
}

function requireMemory(): SimdMemory {
  const memory = simdMemory()
  if (memory) return memory
  throw new Error('another backend has the tensors')
}

function requireEqual(count: number, expected: number): void {
  if (count !== expected) throw new Error(`a product of ${count} with ${expected} terms`)
}
