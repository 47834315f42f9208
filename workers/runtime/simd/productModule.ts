/** The wasm of the matrix product: tiles of 6 rows by 8 columns held in registers. */
import {
  advance,
  assemble,
  call,
  f32,
  f32x4,
  get,
  i32,
  loopWhile,
  set,
  type Code,
  type WasmFunction,
} from './assembler.ts'

export const TILE_ROWS = 6
export const TILE_COLUMNS = 8
const LANES = 4
const VECTORS = TILE_COLUMNS / LANES
const BYTES = 4
/** Terms of a sum that a turn of the inner loop adds. */
const UNROLLED = 4

/** Parameters of a tile; those of the panel are the same, with the number of rows at the end. */
const X = 0
const X_STRIDE = 1
const W = 2
const W_STRIDE = 3
const Y = 4
const Y_STRIDE = 5
const FROM = 6
const FROM_STRIDE = 7
const PLUS = 8
const PLUS_STRIDE = 9
const TERMS = 10
const TILE_PARAMS = 11

function each(count: number, code: (at: number) => Code): Code {
  return Array.from({ length: count }, (_, at) => code(at))
}

/**
 * y[r, 0..8) = from[r] + plus[r] + Σ_p x[r, p] w[p, 0..8) for `rows` rows. A row's sum is the same numbers in the same
 * order in a tile of any height: no example's result depends on those beside it.
 */
function tile(rows: number, fused: boolean): WasmFunction {
  const pointer = (row: number): number => TILE_PARAMS + row
  const end = TILE_PARAMS + rows
  const firstVector = end + 1
  const sum = (row: number, vector: number): number => firstVector + row * VECTORS + vector
  const weight = (vector: number): number => firstVector + rows * VECTORS + vector
  const mulAdd = (row: number, vector: number, value: Code): Code =>
    fused
      ? [value, get(weight(vector)), get(sum(row, vector)), f32x4.relaxedMulAdd, set(sum(row, vector))]
      : [value, get(weight(vector)), f32x4.mul, get(sum(row, vector)), f32x4.add, set(sum(row, vector))]
  const splat = firstVector + rows * VECTORS + VECTORS
  const term = (at: number): Code => [
    each(VECTORS, (vector) => [get(W), f32x4.load(vector * LANES * BYTES), set(weight(vector))]),
    advance(W, get(W_STRIDE)),
    each(rows, (row) => [
      get(pointer(row)),
      f32x4.loadSplat(at * BYTES),
      set(splat),
      each(VECTORS, (vector) => mulAdd(row, vector, get(splat))),
    ]),
  ]
  const terms = (count: number, limit: Code): Code => [
    limit,
    set(end),
    loopWhile(
      [get(pointer(0)), get(end), i32.less],
      [each(count, term), each(rows, (row) => advance(pointer(row), i32.of(count * BYTES)))],
    ),
  ]
  return {
    name: `tile${rows}`,
    params: TILE_PARAMS,
    locals: { i32: rows + 1, v128: rows * VECTORS + VECTORS + 1 },
    body: [
      each(rows, (row) => [
        get(X),
        get(X_STRIDE),
        i32.of(row),
        i32.mul,
        i32.add,
        set(pointer(row)),
        each(VECTORS, (vector) => [
          get(FROM),
          f32x4.load(vector * LANES * BYTES),
          get(PLUS),
          f32x4.load(vector * LANES * BYTES),
          f32x4.add,
          set(sum(row, vector)),
        ]),
        advance(FROM, get(FROM_STRIDE)),
        advance(PLUS, get(PLUS_STRIDE)),
      ]),
      // The terms that fill turns, then those that are left.
      terms(UNROLLED, [get(X), get(TERMS), i32.of(-UNROLLED), i32.and, i32.of(2), i32.shiftLeft, i32.add]),
      terms(1, [get(X), get(TERMS), i32.of(2), i32.shiftLeft, i32.add]),
      each(rows, (row) => [
        each(VECTORS, (vector) => [get(Y), get(sum(row, vector)), f32x4.store(vector * LANES * BYTES)]),
        advance(Y, get(Y_STRIDE)),
      ]),
    ],
  }
}

const ROWS = TILE_PARAMS

const ROW_POINTERS = [
  [X, X_STRIDE],
  [Y, Y_STRIDE],
  [FROM, FROM_STRIDE],
  [PLUS, PLUS_STRIDE],
] as const

function pastRows(count: number): Code {
  return [
    ROW_POINTERS.map(([address, stride]) => advance(address, [get(stride), i32.of(count), i32.mul])),
    advance(ROWS, i32.of(-count)),
  ]
}

/** The same for any number of rows: the highest tiles first, then one each of what is left. */
function panel(): WasmFunction {
  const tileArguments = each(TILE_PARAMS, get)
  return {
    name: 'panel',
    params: TILE_PARAMS + 1,
    locals: { i32: 0, v128: 0 },
    body: each(TILE_ROWS, (place) => {
      const rows = TILE_ROWS - place
      return loopWhile([get(ROWS), i32.of(rows), i32.atLeast], [tileArguments, call(place), pastRows(rows)])
    }),
  }
}

/** Parameters of both ways to fill a panel `to`, `[terms, 8]`. */
const SOURCE = 0
const TERM_STRIDE = 1
const TO = 2
const COUNT = 3
const PANEL_ROW = TILE_COLUMNS * BYTES

/** `to[p, j] = w[p · termStride + j · 4]`: of weights whose columns lie beside each other. */
function copyRows(): WasmFunction {
  const end = 4
  return {
    name: 'copyRows',
    params: 4,
    locals: { i32: 1, v128: 0 },
    body: [
      [get(TO), get(COUNT), i32.of(PANEL_ROW), i32.mul, i32.add, set(end)],
      loopWhile(
        [get(TO), get(end), i32.less],
        [
          each(VECTORS, (vector) => {
            const offset = vector * LANES * BYTES
            return [get(TO), get(SOURCE), f32x4.load(offset), f32x4.store(offset)]
          }),
          advance(SOURCE, get(TERM_STRIDE)),
          advance(TO, i32.of(PANEL_ROW)),
        ],
      ),
    ],
  }
}

/** `to[p, 0] = w[p · termStride]`: one column of a panel, however the weights lie. */
function copyColumn(): WasmFunction {
  const end = 4
  return {
    name: 'copyColumn',
    params: 4,
    locals: { i32: 1, v128: 0 },
    body: [
      [get(TO), get(COUNT), i32.of(PANEL_ROW), i32.mul, i32.add, set(end)],
      loopWhile(
        [get(TO), get(end), i32.less],
        [
          [get(TO), get(SOURCE), f32.load(), f32.store()],
          advance(SOURCE, get(TERM_STRIDE)),
          advance(TO, i32.of(PANEL_ROW)),
        ],
      ),
    ],
  }
}

/** What the module exports; all but `panel`'s rows and terms are addresses and strides in bytes. */
export type ProductExports = {
  readonly panel: (
    ...of: readonly [
      x: number,
      xStride: number,
      panel: number,
      panelStride: number,
      y: number,
      yStride: number,
      from: number,
      fromStride: number,
      plus: number,
      plusStride: number,
      terms: number,
      rows: number,
    ]
  ) => void
  readonly copyRows: Copy
  readonly copyColumn: Copy
}
type Copy = (source: number, termStride: number, to: number, terms: number) => void

/** @param fused whether a product and a sum are one instruction: twice as fast where the processor has it. */
export function productModule(fused: boolean): Uint8Array<ArrayBuffer> {
  const tiles = Array.from({ length: TILE_ROWS }, (_, at) => tile(TILE_ROWS - at, fused))
  return assemble([...tiles, panel(), copyRows(), copyColumn()])
}
