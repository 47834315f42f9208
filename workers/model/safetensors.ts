/**
 * Reads and writes safetensors files: u64 little-endian header length, JSON header, tensors back to back.
 * A file is hostile until it is read: every length, offset, shape and type is checked before a byte of data is used.
 * A stored file is read tensor by tensor.
 * Source: https://github.com/huggingface/safetensors (format section).
 */
import { SoftpostError } from '../protocol/errors.ts'
import { memorySource, type ByteSource } from './byteSource.ts'
import { fromHalves, toHalf } from '../runtime/half.ts'

/** Bytes of one element, by the names that the format uses. */
const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const
type TensorType = keyof typeof ELEMENT_BYTES

/** One tensor, little-endian, row-major. Of a stored file `bytes` is read anew each time that it is asked for. */
export type TensorView = {
  readonly dtype: TensorType
  readonly shape: readonly number[]
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether the bytes are the caller's own to keep and to change. */
  readonly isOwned?: boolean
}

export type SafetensorsFile = {
  readonly tensors: ReadonlyMap<string, TensorView>
  readonly metadata: Record<string, string>
}

const LENGTH_BYTES = 8
/** The limit of the reference reader. */
const HEADER_LIMIT = 100_000_000
const METADATA = '__metadata__'

/**
 * Tensors by name, in the order of their data. The views share the memory of `bytes`.
 * @throws SoftpostError `safetensors` when the file is cut short or its header is not true of it.
 */
export function readSafetensors(bytes: Uint8Array<ArrayBuffer>): SafetensorsFile {
  return openSafetensors(memorySource(bytes))
}

/** As {@link readSafetensors}, of a file of which the header alone is read now. */
export function openSafetensors(source: ByteSource): SafetensorsFile {
  const { header, start } = readHeader(source)
  const dataBytes = source.sizeBytes - start
  let metadata: Record<string, string> = {}
  const entries: Entry[] = []
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = readMetadata(value)
    else entries.push(readEntry(name, value))
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  const tensors = new Map<string, TensorView>()
  let next = 0
  for (const { name, dtype, shape, begin, end } of entries) {
    // Data without holes or overlaps: no byte is read twice and none is smuggled along.
    if (begin !== next) {
      const what = begin < next ? 'overlaps the tensor before it' : 'leaves a hole before it'
      throw broken(`tensor ${shown(name)} ${what} at byte ${begin}`)
    }
    if (end > dataBytes) {
      throw broken(`tensor ${shown(name)} ends at byte ${end} of ${dataBytes}: the file is cut short`)
    }
    tensors.set(name, tensorIn(source, { dtype, shape }, [start + begin, start + end]))
    next = end
  }
  if (next !== dataBytes) throw broken(`${dataBytes - next} bytes belong to no tensor`)
  return { tensors, metadata }
}

function tensorIn(
  source: ByteSource,
  { dtype, shape }: Pick<TensorView, 'dtype' | 'shape'>,
  [begin, end]: readonly [begin: number, end: number],
): TensorView {
  return {
    dtype,
    shape,
    ...(source.isOwned ? { isOwned: true } : {}),
    get bytes() {
      return source.read(begin, end)
    },
  }
}

/**
 * A file with these tensors, laid out as the reference writer does (widest type first, then by name; the header padded
 * to 8 bytes), so equal tensors give equal bytes.
 * @throws SoftpostError `safetensors` when a tensor's bytes do not have its shape's length.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorView>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) => ELEMENT_BYTES[b.dtype] - ELEMENT_BYTES[a.dtype] || compareNames(nameA, nameB),
  )
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : []
  let size = 0
  for (const [name, { dtype, shape, bytes }] of ordered) {
    if (byteLength(name, dtype, shape) !== bytes.byteLength) {
      throw broken(`tensor ${shown(name)} has ${bytes.byteLength} bytes, not those of [${shape.join(', ')}] ${dtype}`)
    }
    header.push([name, { dtype, shape, data_offsets: [size, size + bytes.byteLength] }])
    size += bytes.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const headerBytes = Math.ceil(text.byteLength / 8) * 8
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + size)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true)
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes)
  file.set(text, LENGTH_BYTES)
  let at = LENGTH_BYTES + headerBytes
  for (const [, { bytes }] of ordered) {
    file.set(bytes, at)
    at += bytes.byteLength
  }
  return file
}

/**
 * A copy of the values as float32 (F16 and BF16 exactly).
 * @throws SoftpostError `safetensors` for a type that holds no weights.
 */
export function toFloat32(view: TensorView): Float32Array<ArrayBuffer> {
  const { bytes } = view
  // The copy also brings the data to an offset that a typed array may start at.
  const copy = view.isOwned === true && bytes.byteOffset === 0 ? bytes.buffer : new Uint8Array(bytes).buffer
  if (view.dtype === 'F32') return new Float32Array(copy)
  if (view.dtype === 'BF16') return fromBfloat16(new Uint16Array(copy))
  if (view.dtype === 'F16') return fromHalves(new Uint16Array(copy))
  throw new SoftpostError('safetensors', `weights of type ${view.dtype} are not supported; convert them to F32 or F16`)
}

/** Values as a tensor of type F32, or of F16, rounded to the nearest (ties to even). */
export function fromFloat32(values: Float32Array, shape: readonly number[], dtype: 'F32' | 'F16'): TensorView {
  const numbers = dtype === 'F32' ? Float32Array.from(values) : Uint16Array.from(values, toHalf)
  return { dtype, shape, bytes: new Uint8Array(numbers.buffer) }
}

function fromBfloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length)
  const bits = new Uint32Array(values.buffer)
  for (let index = 0; index < halves.length; index++) bits[index] = (halves[index] ?? 0) << 16
  return values
}

type Entry = {
  readonly name: string
  readonly dtype: TensorType
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

function readHeader(source: ByteSource): { header: object; start: number } {
  const { sizeBytes } = source
  if (sizeBytes < LENGTH_BYTES) {
    throw broken(`the file has ${sizeBytes} bytes, fewer than its header's length takes`)
  }
  const lengthBytes = source.read(0, LENGTH_BYTES)
  const length = new DataView(lengthBytes.buffer, lengthBytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true)
  if (length > BigInt(HEADER_LIMIT)) throw broken(`it announces a header of ${length} bytes`)
  const start = LENGTH_BYTES + Number(length)
  if (start > sizeBytes) {
    throw broken(`its header takes ${start} bytes and the file has ${sizeBytes}: it is cut short`)
  }
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(source.read(LENGTH_BYTES, start))
    header = JSON.parse(text)
  } catch (error) {
    throw broken('its header is not JSON', error)
  }
  if (!isObject(header) || !text.startsWith('{')) throw broken('its header is not a JSON object')
  // JSON.parse keeps the last of two equal names; a reader that keeps the first would see another model.
  if (countNames(text) !== Object.keys(header).length) throw broken('its header names a tensor twice')
  return { header, start }
}

/** Names of the outermost object of a valid JSON text, repeated ones counted each time. */
function countNames(json: string): number {
  let count = 0
  let depth = 0
  let quoted = false
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (quoted) {
      if (character === '\\') at++
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === ':' && depth === 1) count++
  }
  return count
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isObject(value)) throw broken(`${METADATA} is not an object of texts`)
  const entries = Object.entries(value).map(([name, text]): [string, string] => {
    if (typeof text !== 'string') throw broken(`${METADATA} is not an object of texts`)
    return [name, text]
  })
  return Object.fromEntries(entries)
}

function readEntry(name: string, value: unknown): Entry {
  if (!isObject(value) || Object.keys(value).some((key) => !['dtype', 'shape', 'data_offsets'].includes(key))) {
    throw broken(`tensor ${shown(name)} is not {dtype, shape, data_offsets}`)
  }
  const { dtype, shape, data_offsets: offsets } = value
  if (!isTensorType(dtype)) throw broken(`tensor ${shown(name)} has the unknown type ${shown(dtype)}`)
  if (!isSizes(shape)) throw broken(`tensor ${shown(name)} has no valid shape`)
  const [begin, end] = isSizes(offsets) && offsets.length === 2 ? offsets : []
  if (begin === undefined || end === undefined || begin > end) {
    throw broken(`tensor ${shown(name)} has no valid offsets`)
  }
  const size = byteLength(name, dtype, shape)
  if (end - begin !== size) {
    throw broken(`tensor ${shown(name)} takes ${end - begin} bytes, its shape and type ${size}`)
  }
  return { name, dtype, shape, begin, end }
}

function byteLength(name: string, dtype: TensorType, shape: readonly number[]): number {
  // Checked at each factor: a later zero must not hide an overflow.
  let size: number = ELEMENT_BYTES[dtype]
  for (const length of shape) {
    size *= length
    if (!Number.isSafeInteger(size)) throw broken(`tensor ${shown(name)} is too large: [${shape.join(', ')}]`)
  }
  return size
}

function isTensorType(value: unknown): value is TensorType {
  return typeof value === 'string' && Object.hasOwn(ELEMENT_BYTES, value)
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0 && !Object.is(size, -0))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** A name from the file on one line and of bounded length. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80)
}

function broken(what: string, cause?: unknown): SoftpostError {
  return new SoftpostError('safetensors', `safetensors: ${what}; download or export the file again`, { cause })
}
