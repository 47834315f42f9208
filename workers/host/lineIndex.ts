/** Where the lines of a file stand, so that any of them can be read without the others. */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { SoftpostError } from '../protocol/errors.ts'

export type LineIndex = {
  /** Lines with something on them. */
  readonly size: number
  /** Of the whole file, in lower-case hex. */
  readonly sha256: string
  read(place: number): Promise<string>
}

const CHUNK_BYTES = 4 * 2 ** 20
const LINE_FEED = 0x0a
/** Tab, carriage return and space. */
const BLANK: ReadonlySet<number> = new Set([0x09, 0x0d, 0x20])

/**
 * Reads the file once, a few MiB at a time, and keeps 12 bytes for each line.
 * @throws SoftpostError `file-encoding` where it is not UTF-8.
 */
export async function indexLines(file: FileHandle): Promise<LineIndex> {
  const starts = new Growing(Float64Array)
  const lengths = new Growing(Uint32Array)
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  // A line that began in the chunks before.
  let rest: Buffer = Buffer.alloc(0)
  let position = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position)
    const chunk = buffer.subarray(0, bytesRead)
    hash.update(chunk)
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const start = position - rest.length
    const end = bytesRead === 0 ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1
    requireUtf8(bytes.subarray(0, end))
    for (let from = 0; from < end;) {
      const next = bytes.indexOf(LINE_FEED, from)
      const to = next < 0 || next >= end ? end : next
      if (hasText(bytes, from, to)) {
        starts.push(start + from)
        lengths.push(to - from)
      }
      from = to + 1
    }
    if (bytesRead === 0) break
    rest = Buffer.from(bytes.subarray(end))
    position += bytesRead
  }
  return {
    size: starts.size,
    sha256: hash.digest('hex'),
    read: async (place) => {
      const length = lengths.at(place)
      const line = Buffer.allocUnsafe(length)
      const { bytesRead } = await file.read(line, 0, length, starts.at(place))
      // A byte order mark before the first line is taken off by the decoder.
      return new TextDecoder().decode(line.subarray(0, bytesRead)).trim()
    },
  }
}

function requireUtf8(bytes: Buffer): void {
  if (isUtf8(bytes)) return
  throw new SoftpostError('file-encoding', 'the file is not UTF-8 text; save it as UTF-8 and try again')
}

function hasText(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!BLANK.has(bytes[at] ?? 0)) return true
  return false
}

/** A typed array that doubles. */
class Growing<T extends Float64Array | Uint32Array> {
  readonly #Kind: new (length: number) => T
  #values: T
  size = 0

  constructor(Kind: new (length: number) => T) {
    this.#Kind = Kind
    this.#values = new Kind(1024)
  }

  push(value: number): void {
    if (this.size === this.#values.length) {
      const longer = new this.#Kind(2 * this.size)
      longer.set(this.#values)
      this.#values = longer
    }
    this.#values[this.size++] = value
  }

  at(place: number): number {
    return this.#values[place] ?? 0
  }
}
