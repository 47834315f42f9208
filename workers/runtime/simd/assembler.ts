/** Just enough of WebAssembly's binary format to write kernels in: functions over a memory that another module owns. */

/** Instructions, as nested as is handy. */
export type Code = number | readonly Code[]

/** The signature's results are void: kernels write to memory. */
export type WasmFunction = {
  readonly name: string
  /** 32-bit parameters; the first locals. */
  readonly params: number
  /** Locals after them: 32-bit numbers, then vectors. */
  readonly locals: { readonly i32: number; readonly v128: number }
  readonly body: Code
}

const I32 = 0x7f
const V128 = 0x7b
const VOID = 0x40

/** Most pages that the memory of a 32-bit module has. */
const MEMORY_PAGES = 65_536

/** A module that imports `env.memory`; a function calls another by its place in the list, and some are exported. */
export function assemble(functions: readonly WasmFunction[], exported: readonly string[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ params }) => [0x60, vector(Array.from({ length: params }, () => I32)), vector([])])
  const memory = [name('env'), name('memory'), 0x02, 0x01, unsigned(1), unsigned(MEMORY_PAGES)]
  const exports = functions.flatMap((one, place) =>
    exported.includes(one.name) ? [[name(one.name), 0x00, unsigned(place)]] : [],
  )
  const bodies = functions.map(({ locals, body }) => {
    const declared = [
      [unsigned(locals.i32), I32],
      [unsigned(locals.v128), V128],
    ]
    const bytes = flatten([vector(declared), body, END])
    return [unsigned(bytes.length), bytes]
  })
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, vector(types)),
      section(2, vector([memory])),
      section(3, vector(functions.map((_, place) => unsigned(place)))),
      section(7, vector(exports)),
      section(10, vector(bodies)),
    ]),
  )
}

function section(id: number, content: Code): Code {
  const bytes = flatten(content)
  return [id, unsigned(bytes.length), bytes]
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

function name(text: string): Code {
  return vector([...new TextEncoder().encode(text)])
}

function flatten(code: Code): number[] {
  if (typeof code === 'number') return [code]
  const out: number[] = []
  const add = (part: Code): void => {
    if (typeof part === 'number') out.push(part)
    else part.forEach(add)
  }
  add(code)
  return out
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const low = value & 0x7f
  const rest = value >> 7
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return isLast ? [low] : [low | 0x80, signed(rest)]
}

const END = 0x0b

export const i32 = {
  of: (value: number): Code => [0x41, signed(value)],
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  equal: 0x46,
  and: 0x71,
  shiftLeft: 0x74,
  /** Unsigned. */
  less: 0x49,
  atLeast: 0x4f,
} as const

export const get = (local: number): Code => [0x20, unsigned(local)]
export const set = (local: number): Code => [0x21, unsigned(local)]
export const call = (place: number): Code => [0x10, unsigned(place)]
/** `local += value`. */
export const advance = (local: number, value: Code): Code => [get(local), value, i32.add, set(local)]

/** While what `condition` leaves is not 0. */
export function loopWhile(condition: Code, body: Code): Code {
  return [0x02, VOID, 0x03, VOID, condition, 0x45, 0x0d, 0x01, body, 0x0c, 0x00, END, END]
}

export function ifElse(condition: Code, then: Code, otherwise: Code): Code {
  return [condition, 0x04, VOID, then, 0x05, otherwise, END]
}

/** Alignments are hints; 4 bytes is what tensors have. */
const ALIGNED = 0x02
const simd = (opcode: number): Code => [0xfd, unsigned(opcode)]
export const f32x4 = {
  load: (offset = 0): Code => [simd(0x00), ALIGNED, unsigned(offset)],
  loadSplat: (offset = 0): Code => [simd(0x09), ALIGNED, unsigned(offset)],
  store: (offset = 0): Code => [simd(0x0b), ALIGNED, unsigned(offset)],
  /** Four lanes, 0 to 3 of the first of two vectors and 4 to 7 of the second. */
  pick: (lanes: readonly [number, number, number, number]): Code => [
    simd(0x0d),
    lanes.map((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  ],
  /** Of an i32 that has a float32's bits. */
  splatBits: [0xbe, simd(0x13)],
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  /** a b + c, rounded once or twice as the processor likes it; not every browser has it. */
  relaxedMulAdd: simd(0x105),
} as const
export const f32 = {
  load: (offset = 0): Code => [0x2a, ALIGNED, unsigned(offset)],
  store: (offset = 0): Code => [0x38, ALIGNED, unsigned(offset)],
  add: 0x92,
} as const
