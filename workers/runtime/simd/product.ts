/**
 * The matrix product on WASM by our own SIMD, on the tensors of tfjs's backend, where they are: weights are read both
 * ways from one copy, and a product and a sum are one instruction where the browser has it.
 */
import { backend, engine, getBackend, type KernelBackend, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import type { Columns } from '../columns.ts'
import { productModule, TILE_COLUMNS, type ProductExports } from './productModule.ts'

/** W `[in, out]` as its numbers lie: row by row, or column by column. */
export type SimdWeight = {
  readonly values: Tensor
  readonly layout: 'in-out' | 'out-in'
  readonly inner: number
  readonly outer: number
}

const BYTES = Float32Array.BYTES_PER_ELEMENT
const PANEL_ROW = TILE_COLUMNS * BYTES

/** Whether tensors of this thread live in a memory that our own wasm may work on. */
export function hasSimdProduct(): boolean {
  return getBackend() === 'wasm' && kernelsOf(backend()) !== null
}

export type SimdRequest = {
  /** x Wᵀ in place of x W. */
  readonly turned?: boolean
  /** Added to each row; of as many numbers as the result has columns. */
  readonly bias?: Tensor | null
  /** Added; of the result's shape. */
  readonly plus?: Tensor2D | null
}

/** x `[n, in]` to x W `[n, out]`, or x `[n, out]` to x Wᵀ `[n, in]`; the enclosing `tidy` owns it. */
export function simdProduct(x: Columns, w: SimdWeight, request: SimdRequest = {}): Tensor2D {
  const { turned = false, bias = null, plus = null } = request
  const kernels = kernelsOf(backend())
  if (!kernels) throw new Error('simdProduct: another backend has the tensors')
  const [terms, columns] = turned ? [w.outer, w.inner] : [w.inner, w.outer]
  if (x.count !== terms) throw new Error(`simdProduct: ${x.count} columns for a product over ${terms}`)
  const [rows, width] = x.x.shape
  const output = kernels.backend.makeOutput([rows, columns], 'float32')
  const y = kernels.addressOf(output.dataId)
  const given: Product = {
    x: { at: kernels.addressOf(x.x.dataId) + x.from * BYTES, stride: width * BYTES },
    w: strided(kernels.addressOf(w.values.dataId), (w.layout === 'in-out') !== turned, { terms, columns }),
    bias: bias && kernels.addressOf(bias.dataId),
    plus: plus && kernels.addressOf(plus.dataId),
    y: { at: y, stride: columns * BYTES },
    rows,
    terms,
  }
  const whole = columns - (columns % TILE_COLUMNS)
  for (let column = 0; column < whole; column += TILE_COLUMNS) wholePanel(kernels, given, column)
  if (whole < columns) lastColumns(kernels, given, { from: whole, count: columns - whole })
  return engine().makeTensorFromTensorInfo(output) as Tensor2D
}

/** An address and the distance of its rows, in bytes. */
type Rows = { readonly at: number; readonly stride: number }

type Product = {
  readonly x: Rows
  readonly w: { readonly at: number; readonly termStride: number; readonly columnStride: number }
  readonly bias: number | null
  readonly plus: number | null
  readonly y: Rows
  readonly rows: number
  readonly terms: number
}

/** @param beside whether a term's columns lie beside each other. */
function strided(
  at: number,
  beside: boolean,
  { terms, columns }: { readonly terms: number; readonly columns: number },
): Product['w'] {
  return beside
    ? { at, termStride: columns * BYTES, columnStride: BYTES }
    : { at, termStride: BYTES, columnStride: terms * BYTES }
}

function wholePanel(kernels: Kernels, product: Product, column: number): void {
  const { x, w, bias, plus, y, rows, terms } = product
  const panel = kernels.panel(terms)
  const offset = column * BYTES
  if (w.columnStride === BYTES) kernels.wasm.copyRows(w.at + offset, w.termStride, panel, terms)
  else copyColumns(kernels, product, { panel, from: column, count: TILE_COLUMNS })
  const from = bias === null ? kernels.zeros : bias + offset
  const [added, addedStride] = plus === null ? [kernels.zeros, 0] : [plus + offset, y.stride]
  kernels.wasm.panel(
    ...([x.at, x.stride, panel, PANEL_ROW, y.at + offset, y.stride] as const),
    ...([from, 0, added, addedStride, terms, rows] as const),
  )
}

type Part = { readonly from: number; readonly count: number }

function copyColumns(kernels: Kernels, { w, terms }: Product, { panel, from, count }: Part & { panel: number }): void {
  for (let column = 0; column < count; column++) {
    const source = w.at + (from + column) * w.columnStride
    kernels.wasm.copyColumn(source, w.termStride, panel + column * BYTES, terms)
  }
}

/** Of a panel that is not full: its own result is wider than the matrix, and only what belongs there is taken over. */
function lastColumns(kernels: Kernels, product: Product, part: Part): void {
  const { x, bias, plus, y, rows, terms } = product
  const wide = kernels.backend.makeOutput([rows, TILE_COLUMNS], 'float32')
  const panel = kernels.panel(terms)
  kernels.floats().fill(0, panel / BYTES, panel / BYTES + terms * TILE_COLUMNS)
  copyColumns(kernels, product, { panel, ...part })
  const at = kernels.addressOf(wide.dataId)
  const { zeros } = kernels
  kernels.wasm.panel(x.at, x.stride, panel, PANEL_ROW, at, PANEL_ROW, zeros, 0, zeros, 0, terms, rows)
  const floats = kernels.floats()
  const number = (address: number | null, place: number): number =>
    address === null ? 0 : (floats[address / BYTES + place] ?? 0)
  for (let row = 0; row < rows; row++) {
    const inMatrix = (row * y.stride) / BYTES + part.from
    for (let column = 0; column < part.count; column++) {
      const sum = number(at, row * TILE_COLUMNS + column)
      floats[y.at / BYTES + inMatrix + column] =
        sum + number(bias, part.from + column) + number(plus, inMatrix + column)
    }
  }
  kernels.backend.disposeData(wide.dataId)
}

type Kernels = {
  readonly backend: BackendWasm
  readonly wasm: ProductExports
  readonly addressOf: (dataId: object) => number
  /** As it is now: it moves when the memory grows. */
  readonly floats: () => Float32Array
  /** The address of a row of zeros. */
  readonly zeros: number
  /** The address of a panel of so many terms. */
  readonly panel: (terms: number) => number
}

const opened = new WeakMap<KernelBackend, Kernels | null>()

function kernelsOf(current: KernelBackend): Kernels | null {
  const known = opened.get(current)
  if (known !== undefined) return known
  const kernels = openKernels(current as BackendWasm)
  opened.set(current, kernels)
  return kernels
}

/** What Emscripten's module has that its types do not say. */
type Emscripten = {
  readonly asm?: { readonly memory?: WebAssembly.Memory }
  readonly _malloc: (bytes: number) => number
  readonly _free: (address: number) => void
}

function openKernels(owner: BackendWasm): Kernels | null {
  const emscripten = owner.wasm as unknown as Emscripten
  const memory = emscripten.asm?.memory
  const bytes = [true, false].map(productModule).find((module) => WebAssembly.validate(module))
  if (!memory || !bytes) return null
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  const floats = (): Float32Array => new Float32Array(memory.buffer)
  const zeros = emscripten._malloc(PANEL_ROW)
  floats().fill(0, zeros / BYTES, zeros / BYTES + TILE_COLUMNS)
  let panel = { at: 0, terms: 0 }
  return {
    backend: owner,
    // Of our own making.
    wasm: instance.exports as unknown as ProductExports,
    addressOf: (dataId) => owner.dataIdMap.get(dataId).memoryOffset,
    floats,
    zeros,
    panel: (terms) => {
      if (terms > panel.terms) {
        emscripten._free(panel.at)
        panel = { at: emscripten._malloc(terms * PANEL_ROW), terms }
      }
      return panel.at
    },
  }
}
