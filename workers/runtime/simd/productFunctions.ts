/**
 * The functions of the matrix product y = x w + bias + plus: panels of 8 columns of w are laid out term by term, and tiles of
 * up to 6 rows by 8 columns of the result are held in registers while the terms pass. Addresses and strides are bytes.
 */
import {
  advance,
  call,
  f32,
  f32x4,
  get,
  i32,
  ifElse,
  loopWhile,
  set,
  type Code,
  type WasmFunction,
} from './assembler.ts'

const TILE_ROWS = 6
export const TILE_COLUMNS = 8
const LANES = 4
const VECTORS = TILE_COLUMNS / LANES
const BYTES = 4
/** Of a panel's term, and of a row of a result as wide as a panel. */
export const PANEL_ROW = TILE_COLUMNS * BYTES
/** Terms that a turn of the inner loop adds. */
const UNROLLED = 4

function each(count: number, code: (at: number) => Code): Code {
  return Array.from({ length: count }, (_, at) => code(at))
}

function eachVector(code: (vector: number, offset: number) => Code): Code {
  return each(VECTORS, (vector) => code(vector, vector * LANES * BYTES))
}

const inBytes = (count: number): Code => [get(count), i32.of(2), i32.shiftLeft]
const times = (local: number, factor: Code): Code => [get(local), factor, i32.mul]

/** How x lies: terms beside each other, or rows. */
type Standing = 'by rows' | 'by terms'

/** Parameters of a tile; those of `rows` are the same with their number at the end. */
const [X, X_STRIDE, PANEL, Y, Y_STRIDE, FROM, PLUS, PLUS_STRIDE, TERMS] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const TILE_PARAMS = 9

/**
 * y[r, 0..8) = from[0..8) + plus[r, 0..8) + Σ_p x[r, p] panel[p, 0..8). `xStride` is that of what does not lie beside each
 * other. A row's sum is the same numbers in the same order in a tile of any height: no example's result depends on the
 * rows around it.
 */
function tile(rows: number, standing: Standing, fused: boolean): WasmFunction {
  const byRows = standing === 'by rows'
  const pointers = byRows ? rows : 1
  const pointer = (row: number): number => TILE_PARAMS + row
  const end = TILE_PARAMS + pointers
  const firstVector = end + 1
  const sum = (row: number, vector: number): number => firstVector + row * VECTORS + vector
  const weight = (vector: number): number => firstVector + rows * VECTORS + vector
  const value = firstVector + (rows + 1) * VECTORS
  const mulAdd = (row: number, vector: number): Code => {
    const total = sum(row, vector)
    const factors = [get(value), get(weight(vector))]
    return fused
      ? [factors, get(total), f32x4.relaxedMulAdd, set(total)]
      : [factors, f32x4.mul, get(total), f32x4.add, set(total)]
  }
  const term = (at: number): Code => [
    eachVector((vector, offset) => [get(PANEL), f32x4.load(at * PANEL_ROW + offset), set(weight(vector))]),
    each(rows, (row) => [
      byRows ? [get(pointer(row)), f32x4.loadSplat(at * BYTES)] : [get(pointer(0)), f32x4.loadSplat(row * BYTES)],
      set(value),
      each(VECTORS, (vector) => mulAdd(row, vector)),
    ]),
    byRows ? [] : advance(pointer(0), get(X_STRIDE)),
  ]
  const terms = (count: number): Code => [
    each(count, term),
    advance(PANEL, i32.of(count * PANEL_ROW)),
    byRows ? each(rows, (row) => advance(pointer(row), i32.of(count * BYTES))) : [],
  ]
  const until = (count: Code): Code => [get(PANEL), count, i32.of(PANEL_ROW), i32.mul, i32.add, set(end)]
  const before: Code = [get(PANEL), get(end), i32.less]
  return {
    name: `tile${rows}`,
    params: TILE_PARAMS,
    locals: { i32: pointers + 1, v128: (rows + 1) * VECTORS + 1 },
    body: [
      each(pointers, (row) => [get(X), times(X_STRIDE, i32.of(row)), i32.add, set(pointer(row))]),
      each(rows, (row) => [
        eachVector((vector, offset) => [
          [get(FROM), f32x4.load(offset), get(PLUS), f32x4.load(offset), f32x4.add],
          set(sum(row, vector)),
        ]),
        advance(PLUS, get(PLUS_STRIDE)),
      ]),
      // As many terms as fill turns, then those that are left.
      until([get(TERMS), i32.of(-UNROLLED), i32.and]),
      loopWhile(before, terms(UNROLLED)),
      until([get(TERMS), i32.of(UNROLLED - 1), i32.and]),
      loopWhile(before, terms(1)),
      each(rows, (row) => [
        eachVector((vector, offset) => [get(Y), get(sum(row, vector)), f32x4.store(offset)]),
        advance(Y, get(Y_STRIDE)),
      ]),
    ],
  }
}

/** The same for any number of rows: the highest tiles first, then one of what is left. */
function rowsOf(standing: Standing, firstTile: number): WasmFunction {
  const count = TILE_PARAMS
  const past = (rows: number): Code => [
    standing === 'by rows' ? advance(X, times(X_STRIDE, i32.of(rows))) : advance(X, i32.of(rows * BYTES)),
    advance(Y, times(Y_STRIDE, i32.of(rows))),
    advance(PLUS, times(PLUS_STRIDE, i32.of(rows))),
    advance(count, i32.of(-rows)),
  ]
  return {
    name: `rows ${standing}`,
    params: TILE_PARAMS + 1,
    locals: { i32: 0, v128: 0 },
    body: each(TILE_ROWS, (place) => {
      const rows = TILE_ROWS - place
      return loopWhile(
        [get(count), i32.of(rows), i32.atLeast],
        [each(TILE_PARAMS, get), call(firstTile + place), past(rows)],
      )
    }),
  }
}

/** to[p, 0..columns) = w[p · termStride + j · columnStride], a panel; its other columns stay. */
function fillPanel(): WasmFunction {
  const [w, termStride, columnStride, to, terms, columns] = [0, 1, 2, 3, 4, 5] as const
  const [end, column, source, target] = [6, 7, 8, 9] as const
  const panelEnd: Code = [times(terms, i32.of(PANEL_ROW)), i32.add, set(end)]
  const wholeRows: Code = [
    get(to),
    panelEnd,
    loopWhile(
      [get(to), get(end), i32.less],
      [
        eachVector((_, offset) => [get(to), get(w), f32x4.load(offset), f32x4.store(offset)]),
        advance(w, get(termStride)),
        advance(to, i32.of(PANEL_ROW)),
      ],
    ),
  ]
  const byColumns: Code = loopWhile(
    [get(column), get(columns), i32.less],
    [
      [get(w), times(column, get(columnStride)), i32.add, set(source)],
      [get(to), inBytes(column), i32.add, set(target)],
      [get(target), panelEnd],
      loopWhile(
        [get(target), get(end), i32.less],
        [
          [get(target), get(source), f32.load(), f32.store()],
          advance(source, get(termStride)),
          advance(target, i32.of(PANEL_ROW)),
        ],
      ),
      advance(column, i32.of(1)),
    ],
  )
  const isWhole: Code = [get(columns), i32.of(TILE_COLUMNS), i32.equal]
  const liesBeside = (stride: number): Code => [get(stride), i32.of(BYTES), i32.equal]
  const firstVector = 10
  // What one column holds of four terms is beside each other: squares of four by four are turned in registers.
  const turnSquares: Code = loopWhile(
    [get(terms), i32.of(LANES), i32.atLeast],
    [
      eachVector((_, offset) => [
        each(LANES, (lane) => [
          [get(w), times(columnStride, i32.of(offset / BYTES + lane)), i32.add, f32x4.load()],
          set(firstVector + lane),
        ]),
        turned(firstVector).map((row, lane) => [get(to), row, f32x4.store(lane * PANEL_ROW + offset)]),
      ]),
      advance(w, i32.of(LANES * BYTES)),
      advance(to, i32.of(LANES * PANEL_ROW)),
      advance(terms, i32.of(-LANES)),
    ],
  )
  return {
    name: 'fillPanel',
    params: 6,
    locals: { i32: 4, v128: LANES },
    body: ifElse([isWhole, liesBeside(columnStride), i32.and], wholeRows, [
      ifElse([isWhole, liesBeside(termStride), i32.and], turnSquares, []),
      byColumns,
    ]),
  }
}

/** The rows of four vectors' square, turned; of the vectors in `first` and after it. */
function turned(first: number): Code[] {
  const pair = (a: number, lanes: readonly [number, number, number, number]): Code => [
    get(first + a),
    get(first + a + 1),
    f32x4.pick(lanes),
  ]
  const row = (
    lanes: readonly [number, number, number, number],
    half: readonly [number, number, number, number],
  ): Code => [pair(0, lanes), pair(2, lanes), f32x4.pick(half)]
  const [low, high] = [
    [0, 1, 4, 5],
    [2, 3, 6, 7],
  ] as const
  const [front, back] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ] as const
  return [row(front, low), row(front, high), row(back, low), row(back, high)]
}

/** y[r, 0..columns) = wide[r] + bias + plus[r], of rows as wide as a panel. */
function takeOver(): WasmFunction {
  const [wide, y, yStride, bias, plus, plusStride, columns, rows] = [0, 1, 2, 3, 4, 5, 6, 7] as const
  const column = 8
  const at = (address: number): Code => [get(address), inBytes(column), i32.add]
  return {
    name: 'takeOver',
    params: 8,
    locals: { i32: 1, v128: 0 },
    body: loopWhile(get(rows), [
      i32.of(0),
      set(column),
      loopWhile(
        [get(column), get(columns), i32.less],
        [
          at(y),
          [at(wide), f32.load(), at(bias), f32.load(), f32.add, at(plus), f32.load(), f32.add],
          f32.store(),
          advance(column, i32.of(1)),
        ],
      ),
      advance(wide, i32.of(PANEL_ROW)),
      advance(y, get(yStride)),
      advance(plus, get(plusStride)),
      advance(rows, i32.of(-1)),
    ]),
  }
}

/** In the order of the wasm function's parameters; one of x's strides is 4, as is one of w's. */
export const PRODUCT = [
  'x',
  'xRowStride',
  'xTermStride',
  'w',
  'wTermStride',
  'wColumnStride',
  'y',
  'yStride',
  /** Of as many numbers as there are columns, or of 8 zeros with a step of 0. */
  'bias',
  /** From a panel's columns to the next one's, of bias and of plus. */
  'biasStep',
  'plus',
  'plusStride',
  'plusStep',
  'rows',
  'terms',
  'columns',
  /** Room for a panel of so many terms. */
  'panel',
  /** Room for so many rows of 8. */
  'wide',
  /** 8 of them. */
  'zeros',
] as const
export type ProductArguments = Readonly<Record<(typeof PRODUCT)[number], number>>

type Calls = {
  readonly byRows: number
  readonly byTerms: number
  readonly fillPanel: number
  readonly takeOver: number
}

function product(calls: Calls): WasmFunction {
  const local = (name: (typeof PRODUCT)[number]): number => PRODUCT.indexOf(name)
  const of = (name: (typeof PRODUCT)[number]): Code => get(local(name))
  const fill = (columns: Code): Code => [
    [of('w'), of('wTermStride'), of('wColumnStride'), of('panel'), of('terms'), columns],
    call(calls.fillPanel),
  ]
  const tiles = (to: Code, added: Code): Code => {
    const rest: Code = [of('panel'), to, added, of('terms'), of('rows')]
    return ifElse(
      [of('xTermStride'), i32.of(BYTES), i32.equal],
      [of('x'), of('xRowStride'), rest, call(calls.byRows)],
      [of('x'), of('xTermStride'), rest, call(calls.byTerms)],
    )
  }
  return {
    name: 'product',
    params: PRODUCT.length,
    locals: { i32: 0, v128: 0 },
    body: [
      loopWhile(
        [of('columns'), i32.of(TILE_COLUMNS), i32.atLeast],
        [
          fill(i32.of(TILE_COLUMNS)),
          tiles([of('y'), of('yStride')], [of('bias'), of('plus'), of('plusStride')]),
          advance(local('w'), times(local('wColumnStride'), i32.of(TILE_COLUMNS))),
          advance(local('y'), i32.of(PANEL_ROW)),
          advance(local('bias'), of('biasStep')),
          advance(local('plus'), of('plusStep')),
          advance(local('columns'), i32.of(-TILE_COLUMNS)),
        ],
      ),
      // Columns that fill no panel: the result is wider than the matrix, and what belongs there is taken over.
      ifElse(
        of('columns'),
        [
          fill(of('columns')),
          tiles([of('wide'), i32.of(PANEL_ROW)], [of('zeros'), of('zeros'), i32.of(0)]),
          [of('wide'), of('y'), of('yStride'), of('bias'), of('plus'), of('plusStride'), of('columns'), of('rows')],
          call(calls.takeOver),
        ],
        [],
      ),
    ],
  }
}

/**
 * `product` and what it calls, which stand first in a module.
 *
 * @param fused whether a product and a sum are one instruction: twice as fast where the processor has it.
 */
export function productFunctions(fused: boolean): WasmFunction[] {
  const tiles = (standing: Standing): WasmFunction[] =>
    Array.from({ length: TILE_ROWS }, (_, place) => tile(TILE_ROWS - place, standing, fused))
  const calls = {
    byRows: 2 * TILE_ROWS,
    byTerms: 2 * TILE_ROWS + 1,
    fillPanel: 2 * TILE_ROWS + 2,
    takeOver: 2 * TILE_ROWS + 3,
  }
  return [
    ...tiles('by rows'),
    ...tiles('by terms'),
    rowsOf('by rows', 0),
    rowsOf('by terms', TILE_ROWS),
    fillPanel(),
    takeOver(),
    product(calls),
  ]
}
