/** A zip of a few small files, stored without compression (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16). */
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { concatenate } from './multipart.ts'

export type ZipFile = { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }

const LOCAL_HEADER = 0x04034b50
const CENTRAL_HEADER = 0x02014b50
const END_RECORD = 0x06054b50
const VERSION = 20
/** Names are UTF-8. */
const UTF8_FLAG = 0x0800
/** 1 January 1980, the format's first day: equal files give equal archives, and no time is told. */
const NO_DATE = 0x0021
const LARGEST = 0xffff_fffe

export function writeZip(files: readonly ZipFile[]): Uint8Array<ArrayBuffer> {
  if (files.length > 0xfffe || new Set(files.map(({ name }) => name)).size !== files.length) {
    throw new SoftpostError('internal', 'zip: too many files, or two of one name')
  }
  const bodies: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const { name, bytes } of files) {
    const encoded = new TextEncoder().encode(name)
    const common = fields(
      [VERSION, 2],
      [UTF8_FLAG, 2],
      [0, 2], // stored
      [0, 2],
      [NO_DATE, 2],
      [crc32(bytes), 4],
      [bytes.length, 4],
      [bytes.length, 4],
      [encoded.length, 2],
      [0, 2],
    )
    const local = concatenate([fields([LOCAL_HEADER, 4]), common, encoded, bytes])
    // Comment, disk, attributes: none. Then where the file stands.
    const tail = fields([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4])
    directory.push(concatenate([fields([CENTRAL_HEADER, 4], [VERSION, 2]), common, tail, encoded]))
    bodies.push(local)
    offset += local.length
    if (offset > LARGEST) throw new SoftpostError('too-large', 'zip: more than 4 GB do not fit into one archive')
  }
  const central = concatenate(directory)
  const counts = [files.length, files.length] as const
  const end = fields(
    [END_RECORD, 4],
    [0, 2],
    [0, 2],
    [counts[0], 2],
    [counts[1], 2],
    [central.length, 4],
    [offset, 4],
    [0, 2],
  )
  return concatenate([...bodies, central, end])
}

type Field = readonly [value: number, bytes: 2 | 4]

/** Little-endian numbers in a row. */
function fields(...values: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.reduce((sum, [, size]) => sum + size, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [value, size] of values) {
    if (size === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += size
  }
  return bytes
}

/** CRC-32 of each byte value, polynomial 0xEDB88320. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc >>> 0
})

/** CRC-32 as zip, gzip and PNG use it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffff_ffff) >>> 0
}
