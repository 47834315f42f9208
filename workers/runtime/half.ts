/** IEEE 754 binary16 on the CPU, as bits in the low half of a number. */

const float32 = new Float32Array(1)
const float32Bits = new Uint32Array(float32.buffer)

/** The bits of the nearest half; beyond the largest one, infinity. */
export function toHalf(value: number): number {
  float32[0] = value
  const bits = float32Bits[0] ?? 0
  const sign = (bits >>> 16) & 0x8000
  const size = Math.abs(value)
  if (Number.isNaN(value)) return sign | 0x7e00
  if (size >= 65_520) return sign | 0x7c00
  // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴.
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  const exponent = ((bits >>> 23) & 0xff) - 127
  // A fraction that rounds up to 1 carries into the exponent, as it should.
  return sign | (((exponent + 15) << 10) + roundEven((size / 2 ** exponent - 1) * 1024))
}

/** To the nearest whole number, halves to the even one. */
function roundEven(value: number): number {
  const down = Math.floor(value)
  const rest = value - down
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down
}

/** Where the platform has halves of its own they are ten times faster; it rounds the same way. */
const Halves = (
  globalThis as { readonly Float16Array?: new (values: Float32Array) => { readonly buffer: ArrayBuffer } }
).Float16Array

/** The bits of the nearest halves. */
function toHalves(values: Float32Array): Uint16Array<ArrayBuffer> {
  return Halves ? new Uint16Array(new Halves(values).buffer) : Uint16Array.from(values, toHalf)
}

let table: Float32Array<ArrayBuffer> | null = null

/** By a table of all 65,536 halves: several times faster than taking each apart. */
export function fromHalves(halves: Uint16Array): Float32Array<ArrayBuffer> {
  table ??= Float32Array.from({ length: 65_536 }, (_, half) => halfValue(half))
  const known = table
  const values = new Float32Array(halves.length)
  for (let index = 0; index < halves.length; index++) values[index] = known[halves[index] ?? 0] ?? 0
  return values
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. */
function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** To the nearest half (ties to even), in place; false where a value is beyond the largest half. */
export function roundToHalves(values: Float32Array): boolean {
  values.set(fromHalves(toHalves(values)))
  return values.every(Number.isFinite)
}

/** Largest error of a number that halves hold only as a subnormal one; of float32 sums it is lost in the rounding. */
const SUBNORMAL_ERROR = 2 ** -25

/** Null where some number would change by more than {@link SUBNORMAL_ERROR}, as those of most float32 files would. */
export function halvesOf(values: Float32Array): Uint16Array<ArrayBuffer> | null {
  const halves = new Uint16Array(values.length)
  // A part at a time: the first numbers of a file tell, and no second copy of a large one is needed.
  const part = 65_536
  for (let from = 0; from < values.length; from += part) {
    const some = values.subarray(from, from + part)
    const rounded = toHalves(some)
    const back = fromHalves(rounded)
    if (some.some((value, at) => !(Math.abs(value - (back[at] ?? Number.NaN)) <= SUBNORMAL_ERROR))) return null
    halves.set(rounded, from)
  }
  return halves
}
