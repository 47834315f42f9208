/**
 * The functions of layer norm, there and back, a row at a time; see ../kernels/layerNorm/layerNorm.ts. Each row's sums are
 * formed in one order, whatever rows there are around it. Widths are bytes of a row, a multiple of 16.
 */
import { bitsOf } from '../bits.ts'
import { advance, f32x4, get, i32, ifElse, loopWhile, set, type Code, type WasmFunction } from './assembler.ts'

const VECTOR = 16

/** In the order of the wasm function's parameters; `share` (1 / width) and `eps` as a float32's bits. */
export const LAYER_NORM = ['x', 'gain', 'bias', 'y', 'rows', 'width', 'share', 'eps'] as const
/** Gradient rows go back through x over and over: `xRows` of them. `plus`: 0 for none. */
export const LAYER_NORM_BACKWARD = ['dy', 'x', 'xRows', 'gain', 'plus', 'dx', 'rows', 'width', 'share', 'eps'] as const

type Locals = Readonly<Record<string, number>>

/** Parameters first, then i32 locals, then vectors. */
function localsOf(...names: readonly string[]): Locals {
  return Object.fromEntries(names.map((name, place) => [name, place]))
}

const ONE = [i32.of(bitsOf(1)), f32x4.splatBits]
const ZERO = [i32.of(0), f32x4.splatBits]

/** What the functions share, on their own locals. */
function rowsOf(of: (name: string) => number) {
  const at = (name: string): Code => [get(of(name)), get(of('at')), i32.add]
  const load = (name: string): Code => [at(name), f32x4.load()]
  /** Over a row, a vector at a time. */
  const along = (body: Code): Code => [
    [i32.of(0), set(of('at'))],
    loopWhile([get(of('at')), get(of('width')), i32.less], [body, advance(of('at'), i32.of(VECTOR))]),
  ]
  const addTo = (sum: string, value: Code): Code => [get(of(sum)), value, f32x4.add, set(of(sum))]
  const clear = (sum: string): Code => [ZERO, set(of(sum))]
  /** The sum of a vector's lanes in each lane, times the share of one: the mean. */
  const mean = (sum: string): Code => {
    const folded = (lanes: readonly [number, number, number, number]): Code => [
      [get(of(sum)), get(of(sum)), get(of(sum)), f32x4.pick(lanes), f32x4.add],
      set(of(sum)),
    ]
    return [folded([2, 3, 0, 1]), folded([1, 0, 3, 2]), get(of(sum)), get(of('share')), f32x4.splatBits, f32x4.mul]
  }
  const centred: Code = [load('x'), get(of('mean')), f32x4.sub]
  /** `mean` and `scale` (1 / std) of the row of x. */
  const statistics: Code = [
    clear('sum'),
    along(addTo('sum', load('x'))),
    [mean('sum'), set(of('mean'))],
    clear('sum'),
    along([[centred, set(of('value'))], addTo('sum', [get(of('value')), get(of('value')), f32x4.mul])]),
    [ONE, mean('sum'), get(of('eps')), f32x4.splatBits, f32x4.add, f32x4.sqrt, f32x4.div, set(of('scale'))],
  ]
  return { at, load, along, addTo, clear, mean, centred, statistics }
}

const VECTORS = ['sum', 'mean', 'scale', 'value'] as const

function layerNorm(): WasmFunction {
  const locals = localsOf(...LAYER_NORM, 'at', ...VECTORS)
  const of = (name: string): number => found(locals, name)
  const { at, load, along, centred, statistics } = rowsOf(of)
  return {
    name: 'layerNorm',
    params: LAYER_NORM.length,
    locals: { i32: 1, v128: VECTORS.length },
    body: loopWhile(get(of('rows')), [
      statistics,
      along([
        at('y'),
        [centred, get(of('scale')), f32x4.mul, load('gain'), f32x4.mul, load('bias'), f32x4.add],
        f32x4.store(),
      ]),
      ['x', 'y'].map((rows) => advance(of(rows), get(of('width')))),
      advance(of('rows'), i32.of(-1)),
    ]),
  }
}

/** dx = (dn - mean(dn) - x̂ mean(dn x̂)) / std with dn = dy g; `plus` is added. */
function layerNormBackward(): WasmFunction {
  const own = ['at', 'first', 'left'] as const
  const vectors = [...VECTORS, 'along', 'centre'] as const
  const locals = localsOf(...LAYER_NORM_BACKWARD, ...own, ...vectors)
  const of = (name: string): number => found(locals, name)
  const { at, load, along, addTo, clear, mean, centred, statistics } = rowsOf(of)
  const dn: Code = [load('dy'), load('gain'), f32x4.mul]
  const dx: Code = [
    [dn, get(of('centre')), f32x4.sub, centred, get(of('along')), f32x4.mul, f32x4.sub],
    [get(of('scale')), f32x4.mul],
  ]
  return {
    name: 'layerNormBackward',
    params: LAYER_NORM_BACKWARD.length,
    locals: { i32: own.length, v128: vectors.length },
    body: [
      [get(of('x')), set(of('first')), get(of('xRows')), set(of('left'))],
      loopWhile(get(of('rows')), [
        ifElse(get(of('left')), [], [get(of('first')), set(of('x')), get(of('xRows')), set(of('left'))]),
        statistics,
        clear('sum'),
        clear('along'),
        along([
          [dn, set(of('value'))],
          addTo('sum', get(of('value'))),
          addTo('along', [get(of('value')), centred, f32x4.mul]),
        ]),
        [mean('sum'), set(of('centre'))],
        [mean('along'), get(of('scale')), f32x4.mul, get(of('scale')), f32x4.mul, set(of('along'))],
        ifElse(
          get(of('plus')),
          [along([at('dx'), dx, load('plus'), f32x4.add, f32x4.store()]), advance(of('plus'), get(of('width')))],
          along([at('dx'), dx, f32x4.store()]),
        ),
        ['x', 'dy', 'dx'].map((rows) => advance(of(rows), get(of('width')))),
        ['rows', 'left'].map((count) => advance(of(count), i32.of(-1))),
      ]),
    ],
  }
}

function found(locals: Locals, name: string): number {
  const local = locals[name]
  if (local === undefined) throw new Error(`normFunctions: there is no ${name}`)
  return local
}

export function normFunctions(): WasmFunction[] {
  return [layerNorm(), layerNormBackward()]
}
