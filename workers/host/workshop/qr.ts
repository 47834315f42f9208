/**
 * QR codes (ISO/IEC 18004) of byte mode at error correction level M, versions 1 to 10: up to 213 bytes, which is enough
 * for an address with a key.
 */

/** By version: error correction bytes of a block, and how many blocks of how many data bytes (ISO 18004, table 9). */
const BLOCKS: readonly { readonly correction: number; readonly data: readonly number[] }[] = [
  { correction: 10, data: [16] },
  { correction: 16, data: [28] },
  { correction: 26, data: [44] },
  { correction: 18, data: [32, 32] },
  { correction: 24, data: [43, 43] },
  { correction: 16, data: [27, 27, 27, 27] },
  { correction: 18, data: [31, 31, 31, 31] },
  { correction: 22, data: [38, 38, 39, 39] },
  { correction: 22, data: [36, 36, 36, 37, 37] },
  { correction: 26, data: [43, 43, 43, 43, 44] },
]

/** Centres of the alignment patterns by version (table E.1). */
const ALIGNMENT: readonly (readonly number[])[] = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
]

/** Rows of modules, true for dark, without the quiet zone. Errors: `RangeError` for a text that is too long. */
export type QrCode = readonly (readonly boolean[])[]

export function qrCode(text: string): QrCode {
  const bytes = new TextEncoder().encode(text)
  const version = 1 + BLOCKS.findIndex((_, index) => bytes.length <= capacity(index + 1))
  if (version === 0) throw new RangeError(`qrCode: ${bytes.length} bytes do not fit, at most ${capacity(10)} do`)
  const words = interleave(version, dataWords(version, bytes))
  const masked = Array.from({ length: 8 }, (_, mask) => draw(version, words, mask))
  return masked.reduce((best, next) => (penalty(next) < penalty(best) ? next : best))
}

const blocksOf = (version: number) => BLOCKS[version - 1] ?? { correction: 0, data: [] }
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Mode and length take 12 bits, or 20 from version 10 on. */
function capacity(version: number): number {
  return sum(blocksOf(version).data) - (version < 10 ? 2 : 3)
}

function dataWords(version: number, bytes: Uint8Array): Uint8Array {
  const total = sum(blocksOf(version).data)
  const bits: number[] = []
  const push = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push((value >> bit) & 1)
  }
  push(0b0100, 4)
  push(bytes.length, version < 10 ? 8 : 16)
  for (const byte of bytes) push(byte, 8)
  push(0, Math.min(4, 8 * total - bits.length))
  const words = Uint8Array.from({ length: total }, (_, word) => (word % 2 === 0 ? 0xec : 0x11))
  const filled = Math.ceil(bits.length / 8)
  for (let word = 0; word < filled; word++) {
    words[word] = bits.slice(8 * word, 8 * word + 8).reduce((value, bit, place) => value | (bit << (7 - place)), 0)
  }
  // Padding begins with its first word after the data, wherever that is.
  for (let word = filled; word < total; word++) words[word] = (word - filled) % 2 === 0 ? 0xec : 0x11
  return words
}

// ---------- Reed-Solomon over GF(256), generator polynomial 0x11d ----------

function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d)
    product ^= ((b >> bit) & 1) * a
  }
  return product
}

function correctionOf(data: Uint8Array, count: number): Uint8Array {
  const divisor = new Uint8Array(count)
  divisor[count - 1] = 1
  let root = 1
  for (let degree = 0; degree < count; degree++) {
    for (let place = 0; place < count; place++) {
      divisor[place] = multiply(divisor[place] ?? 0, root) ^ (divisor[place + 1] ?? 0)
    }
    root = multiply(root, 2)
  }
  const rest = new Uint8Array(count)
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0)
    rest.copyWithin(0, 1)
    rest[count - 1] = 0
    for (let place = 0; place < count; place++) rest[place] = (rest[place] ?? 0) ^ multiply(divisor[place] ?? 0, factor)
  }
  return rest
}

/** The first words of all parts, then the second ones, and so on. */
function inTurns(parts: readonly Uint8Array[]): number[] {
  const longest = Math.max(...parts.map(({ length }) => length))
  return Array.from({ length: longest }, (_, place) => parts.flatMap((part) => part[place] ?? [])).flat()
}

/** Words of the blocks in turns, data first. */
function interleave(version: number, words: Uint8Array): number[] {
  const { correction, data } = blocksOf(version)
  let start = 0
  const blocks = data.map((size) => words.subarray(start, (start += size)))
  const corrections = blocks.map((block) => correctionOf(block, correction))
  return [...inTurns(blocks), ...inTurns(corrections)]
}

// ---------- The picture ----------

type Cell = boolean | null

function draw(version: number, words: readonly number[], mask: number): QrCode {
  const size = 17 + 4 * version
  const fixed: Cell[][] = Array.from({ length: size }, () => Array.from({ length: size }, () => null))
  const put = (row: number, column: number, dark: boolean) => {
    const line = fixed[row]
    if (line !== undefined && column >= 0 && column < size) line[column] = dark
  }
  drawFinders(size, put)
  drawAlignment(version, size, put)
  for (let place = 8; place < size - 8; place++) {
    put(6, place, place % 2 === 0)
    put(place, 6, place % 2 === 0)
  }
  drawFormat(size, mask, put)
  if (version >= 7) drawVersion(version, size, put)
  return fill(fixed, words, mask)
}

type Put = (row: number, column: number, dark: boolean) => void

function drawFinders(size: number, put: Put): void {
  for (const [top, left] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const) {
    for (let row = -4; row <= 4; row++) {
      for (let column = -4; column <= 4; column++) {
        const ring = Math.max(Math.abs(row), Math.abs(column))
        put(top + row, left + column, ring !== 2 && ring !== 4)
      }
    }
  }
}

function drawAlignment(version: number, size: number, put: Put): void {
  const centres = ALIGNMENT[version - 1] ?? []
  const last = size - 7
  for (const row of centres) {
    for (const column of centres) {
      const isFinder = (row === 6 && column === 6) || (row === 6 && column === last) || (row === last && column === 6)
      if (isFinder) continue
      for (let down = -2; down <= 2; down++) {
        for (let across = -2; across <= 2; across++) {
          put(row + down, column + across, Math.max(Math.abs(down), Math.abs(across)) !== 1)
        }
      }
    }
  }
}

/** Level M is 00. Five bits with ten of a BCH code, masked (ISO 18004, section 7.9). */
function drawFormat(size: number, mask: number, put: Put): void {
  let rest = mask
  for (let bit = 0; bit < 10; bit++) rest = (rest << 1) ^ ((rest >> 9) * 0x537)
  const code = ((mask << 10) | rest) ^ 0x5412
  const isDark = (bit: number) => ((code >> bit) & 1) === 1
  for (let bit = 0; bit < 6; bit++) put(bit, 8, isDark(bit))
  put(7, 8, isDark(6))
  put(8, 8, isDark(7))
  put(8, 7, isDark(8))
  for (let bit = 9; bit < 15; bit++) put(8, 14 - bit, isDark(bit))
  for (let bit = 0; bit < 8; bit++) put(8, size - 1 - bit, isDark(bit))
  for (let bit = 8; bit < 15; bit++) put(size - 15 + bit, 8, isDark(bit))
  put(size - 8, 8, true)
}

/** Six bits with twelve of a BCH code, twice (section 7.10). */
function drawVersion(version: number, size: number, put: Put): void {
  let rest = version
  for (let bit = 0; bit < 12; bit++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25)
  const code = (version << 12) | rest
  for (let bit = 0; bit < 18; bit++) {
    const dark = ((code >> bit) & 1) === 1
    put(Math.floor(bit / 3), size - 11 + (bit % 3), dark)
    put(size - 11 + (bit % 3), Math.floor(bit / 3), dark)
  }
}

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
]

/** Pairs of columns from the right, up and down in turns; the timing column is left out. */
function fill(fixed: readonly (readonly Cell[])[], words: readonly number[], mask: number): QrCode {
  const size = fixed.length
  const cells = fixed.map((line) => line.map((cell) => cell === true))
  const flips = MASKS[mask] ?? (() => false)
  let bit = 0
  for (let pair = 0; pair < (size - 1) / 2; pair++) {
    const right = size - 1 - 2 * pair - (size - 1 - 2 * pair <= 6 ? 1 : 0)
    const isUp = pair % 2 === 0
    for (let step = 0; step < size; step++) {
      const row = isUp ? size - 1 - step : step
      for (const column of [right, right - 1]) {
        if (fixed[row]?.[column] !== null) continue
        const isSet = (((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1
        bit += 1
        const line = cells[row]
        if (line !== undefined) line[column] = isSet !== flips(row, column)
      }
    }
  }
  return cells
}

// ---------- How hard a mask is to read (section 7.8.3) ----------

const FINDER_LIKE = /(?=10111010000|00001011101)/g

function penalty(code: QrCode): number {
  const lines = code.map((line) => line.map((dark) => (dark ? '1' : '0')).join(''))
  const columns = lines.map((_, place) => lines.map((line) => line[place]).join(''))
  let points = 0
  for (const line of [...lines, ...columns]) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) points += run.length - 2
    points += 40 * [...line.matchAll(FINDER_LIKE)].length
  }
  for (let row = 0; row + 1 < code.length; row++) {
    for (let column = 0; column + 1 < code.length; column++) {
      const square = [
        lines[row]?.[column],
        lines[row]?.[column + 1],
        lines[row + 1]?.[column],
        lines[row + 1]?.[column + 1],
      ]
      if (square.every((cell) => cell === square[0])) points += 3
    }
  }
  const dark = lines.join('').replaceAll('0', '').length / code.length ** 2
  return points + 10 * Math.floor(Math.abs(dark * 100 - 50) / 5)
}
