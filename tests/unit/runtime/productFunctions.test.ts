/** The wasm of the matrix product, in a memory of its own, against sums in double precision. */
import { describe, expect, test } from 'vitest'
import { assemble } from '../../../workers/runtime/simd/assembler.ts'
import { PRODUCT, productFunctions, type ProductArguments } from '../../../workers/runtime/simd/productFunctions.ts'

const BYTES = 4
const [X, W, BIAS, PLUS, Y] = [0, 8_192, 16_384, 20_480, 24_576]
const [PANEL, WIDE, ZEROS, END] = [40_960, 49_152, 57_344, 65_536]

/** Numbers whose products and sums are rounded. */
function number(at: number): number {
  return Math.fround(Math.sin(at * 12.9898) * 1.7)
}

const productModule = (fused: boolean) => assemble(productFunctions(fused), ['product'])

// Relaxed SIMD is younger than SIMD: where this engine lacks it, that variant is never chosen.
const variants = [true, false].filter((fused) => WebAssembly.validate(productModule(fused)))

describe.each(variants)('fused: %s', (fused) => {
  const memory = new WebAssembly.Memory({ initial: END / 65_536, maximum: 65_536 })
  const floats = new Float32Array(memory.buffer)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(productModule(fused)), { env: { memory } })
  const run = exports as unknown as { readonly product: (...given: readonly number[]) => void }

  type Shape = { readonly rows: number; readonly terms: number; readonly columns: number }
  type Ways = { readonly xTurned: boolean; readonly wTurned: boolean; readonly added: boolean }

  function multiply({ rows, terms, columns }: Shape, { xTurned, wTurned, added }: Ways, firstRow = 0): void {
    const xStride = (xTurned ? rows : terms) + 3
    const given: ProductArguments = {
      x: X + firstRow * (xTurned ? BYTES : xStride * BYTES),
      xRowStride: xTurned ? BYTES : xStride * BYTES,
      xTermStride: xTurned ? xStride * BYTES : BYTES,
      w: W,
      wTermStride: wTurned ? BYTES : columns * BYTES,
      wColumnStride: wTurned ? terms * BYTES : BYTES,
      y: Y,
      yStride: (columns + 1) * BYTES,
      ...(added
        ? { bias: BIAS, biasStep: 32, plus: PLUS, plusStride: columns * BYTES, plusStep: 32 }
        : { bias: ZEROS, biasStep: 0, plus: ZEROS, plusStride: 0, plusStep: 0 }),
      rows,
      terms,
      columns,
      panel: PANEL,
      wide: WIDE,
      zeros: ZEROS,
    }
    run.product(...PRODUCT.map((name) => given[name]))
  }

  function fill(): void {
    for (let at = 0; at < Y / BYTES; at++) floats[at] = number(at)
    floats.fill(Number.NaN, Y / BYTES)
    floats.fill(0, ZEROS / BYTES, ZEROS / BYTES + 8)
  }

  const ways = [false, true].flatMap((xTurned) =>
    [false, true].flatMap((wTurned) => [false, true].map((added): Ways => ({ xTurned, wTurned, added }))),
  )
  test.each(ways)('x turned: $xTurned, w turned: $wTurned, with what is added: $added', (way) => {
    for (const rows of [1, 2, 3, 4, 5, 6, 7, 13]) {
      for (const terms of [1, 3, 4, 7, 21]) {
        for (const columns of [1, 7, 8, 9, 19]) {
          fill()
          multiply({ rows, terms, columns }, way)
          const xStride = (way.xTurned ? rows : terms) + 3
          const x = (r: number, p: number): number => number(way.xTurned ? p * xStride + r : r * xStride + p)
          const w = (p: number, c: number): number =>
            number(W / BYTES + (way.wTurned ? c * terms + p : p * columns + c))
          for (let r = 0; r < rows; r++) {
            for (let c = 0; c < columns; c++) {
              let sum = way.added ? number(BIAS / BYTES + c) + number(PLUS / BYTES + r * columns + c) : 0
              for (let p = 0; p < terms; p++) sum += x(r, p) * w(p, c)
              const y = floats[Y / BYTES + r * (columns + 1) + c] ?? Number.NaN
              if (!(Math.abs(y - sum) < 1e-5 * (1 + terms))) expect(y, `${rows} ${terms} ${columns}`).toBe(sum)
            }
            // What lies between the rows is nobody's.
            expect(floats[Y / BYTES + r * (columns + 1) + columns]).toBeNaN()
          }
        }
      }
    }
  })

  test('a row has the same bits whatever rows stand around it', () => {
    fill()
    const shape = { terms: 37, columns: 11 }
    const way = { xTurned: false, wTurned: false, added: false }
    const bitsOf = (place: number, first: number, rows: number): number[] => {
      multiply({ rows, ...shape }, way, first)
      const from = Y / BYTES + (place - first) * (shape.columns + 1)
      return [...new Int32Array(memory.buffer).subarray(from, from + shape.columns)]
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
})

test('every engine that this runs on has plain SIMD', () => {
  expect(variants).toContain(false)
})
