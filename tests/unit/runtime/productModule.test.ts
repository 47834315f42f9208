/** The wasm of the matrix product, in a memory of its own, against sums in double precision. */
import { describe, expect, test } from 'vitest'
import { productModule, TILE_COLUMNS, type ProductExports } from '../../../workers/runtime/simd/productModule.ts'

const BYTES = 4
const X = 0
const WEIGHTS = 16_384
const PANEL = 32_768
const START = 49_152
const Y = 57_344

/** Numbers whose products and sums are rounded. */
function number(at: number): number {
  return Math.fround(Math.sin(at * 12.9898) * 1.7)
}

// Relaxed SIMD is younger than SIMD: where this engine lacks it, that variant is never chosen.
const variants = [true, false].filter((fused) => WebAssembly.validate(productModule(fused)))

describe.each(variants)('fused: %s', (fused) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 })
  const floats = new Float32Array(memory.buffer)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(productModule(fused)), { env: { memory } })
  const { panel, copyRows, copyColumn } = exports as unknown as ProductExports

  test.each([1, 2, 3, 4, 5, 6, 7, 11, 13])('a panel of %i rows', (rows) => {
    for (const terms of [1, 3, 4, 7, 64]) {
      const stride = terms + 3
      for (let at = 0; at < rows * stride; at++) floats[X / BYTES + at] = number(at)
      for (let at = 0; at < terms * TILE_COLUMNS; at++) floats[PANEL / BYTES + at] = number(at + 5_000)
      for (let at = 0; at < (rows + 1) * TILE_COLUMNS; at++) floats[START / BYTES + at] = number(at + 9_000)
      floats.fill(Number.NaN, Y / BYTES)
      // From the first row of START for all rows, and plus the rows after it.
      const plus = START + TILE_COLUMNS * BYTES
      const [row, y] = [TILE_COLUMNS * BYTES, (TILE_COLUMNS + 1) * BYTES]
      panel(X, stride * BYTES, PANEL, row, Y, y, START, 0, plus, row, terms, rows)
      for (let r = 0; r < rows; r++) {
        for (let column = 0; column < TILE_COLUMNS; column++) {
          let sum = number(9_000 + column) + number(9_000 + (r + 1) * TILE_COLUMNS + column)
          for (let p = 0; p < terms; p++) sum += number(r * stride + p) * number(5_000 + p * TILE_COLUMNS + column)
          expect(floats[Y / BYTES + r * (TILE_COLUMNS + 1) + column]).toBeCloseTo(sum, 4)
        }
        // What lies between the rows is nobody's.
        expect(floats[Y / BYTES + r * (TILE_COLUMNS + 1) + TILE_COLUMNS]).toBeNaN()
      }
    }
  })

  test('a row has the same bits whatever rows stand around it', () => {
    const terms = 37
    for (let at = 0; at < 13 * terms; at++) floats[X / BYTES + at] = number(at)
    for (let at = 0; at < terms * TILE_COLUMNS; at++) floats[PANEL / BYTES + at] = number(at + 5_000)
    floats.fill(0, START / BYTES, START / BYTES + TILE_COLUMNS)
    const [width, row] = [terms * BYTES, TILE_COLUMNS * BYTES]
    const bitsOf = (place: number, first: number, rows: number): number[] => {
      panel(X + first * width, width, PANEL, row, Y, row, START, 0, START, 0, terms, rows)
      const from = Y / BYTES + (place - first) * TILE_COLUMNS
      return [...new Int32Array(memory.buffer).subarray(from, from + TILE_COLUMNS)]
    }
    for (let place = 0; place < 13; place++) {
      const alone = bitsOf(place, place, 1)
      for (let rows = 1; rows <= 13; rows++) {
        for (let first = Math.max(0, place - rows + 1); first <= Math.min(place, 13 - rows); first++) {
          expect(bitsOf(place, first, rows)).toEqual(alone)
        }
      }
    }
  })

  test('weights are gathered by rows and by columns', () => {
    const [terms, width] = [5, 11]
    for (let at = 0; at < terms * width; at++) floats[WEIGHTS / BYTES + at] = at
    copyRows(WEIGHTS + 2 * BYTES, width * BYTES, PANEL, terms)
    const panelRow = (p: number) => [...floats.subarray(PANEL / BYTES + p * TILE_COLUMNS).subarray(0, TILE_COLUMNS)]
    for (let p = 0; p < terms; p++) expect(panelRow(p)).toEqual(Array.from({ length: 8 }, (_, j) => p * width + 2 + j))
    // The same numbers as a matrix of `width` terms.
    for (let column = 0; column < terms; column++) {
      copyColumn(WEIGHTS + column * width * BYTES, BYTES, PANEL + column * BYTES, width)
    }
    for (let p = 0; p < width; p++) {
      expect(panelRow(p).slice(0, terms)).toEqual(Array.from({ length: terms }, (_, j) => j * width + p))
    }
  })
})

test('every engine that this runs on has plain SIMD', () => {
  expect(variants).toContain(false)
})
