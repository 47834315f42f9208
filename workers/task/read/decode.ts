/** From a file's bytes to its text. What is not text is refused with a reason that a person can act on. */
import { SoftpostError } from '../../protocol/errors.ts'

/** First bytes of files that people drop by mistake. */
const SIGNATURES = [
  { kind: 'a spreadsheet, document or zip archive', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { kind: 'an old spreadsheet or document', bytes: [0xd0, 0xcf, 0x11, 0xe0] },
  { kind: 'a PDF', bytes: [0x25, 0x50, 0x44, 0x46] },
  { kind: 'a gzip archive', bytes: [0x1f, 0x8b] },
  { kind: 'a picture', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { kind: 'a picture', bytes: [0xff, 0xd8, 0xff] },
  { kind: 'a Parquet file', bytes: [0x50, 0x41, 0x52, 0x31] },
] as const

const BYTE_ORDER_MARKS = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
] as const

/** Control characters that no text has, and the bytes in which they are looked for. */
const PROBE_BYTES = 4_096
const CONTROL_SHARE = 0.05

/**
 * UTF-8, or UTF-16 where the file says so by a byte order mark (which is taken off).
 * @throws SoftpostError `file-empty`, `file-binary`, `file-encoding`.
 */
export function decodeText(bytes: Uint8Array<ArrayBuffer>): string {
  if (bytes.byteLength === 0) throw empty()
  const signature = SIGNATURES.find((signature) => startsWith(bytes, signature.bytes))
  if (signature) throw binary(`it is ${signature.kind}`)
  const mark = BYTE_ORDER_MARKS.find((mark) => startsWith(bytes, mark.bytes))
  const encoding = mark?.encoding ?? 'utf-8'
  if (encoding === 'utf-8' && bytes.includes(0)) throw withZeros(bytes)
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (error) {
    throw new SoftpostError(
      'file-encoding',
      `the file is not ${encoding.toUpperCase()} text; save it as UTF-8 and try again`,
      { cause: error },
    )
  }
  if (countControls(text) > CONTROL_SHARE * Math.min(text.length, PROBE_BYTES)) {
    throw binary('it is full of control characters')
  }
  if (text.trim() === '') throw empty()
  return text
}

/** Every second byte zero is UTF-16 whose mark is missing; any other zero byte is no text. */
function withZeros(bytes: Uint8Array): SoftpostError {
  const probe = bytes.subarray(0, PROBE_BYTES)
  const zeros = [0, 0]
  for (let at = 0; at < probe.length; at++) if (probe[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  if (Math.min(even, odd) * 20 < Math.max(even, odd) && Math.max(even, odd) > probe.length / 5) {
    return new SoftpostError(
      'file-encoding',
      'the file seems to be UTF-16 without a byte order mark; save it as UTF-8 and try again',
    )
  }
  return binary('it holds zero bytes')
}

function countControls(text: string): number {
  let count = 0
  for (let at = 0; at < Math.min(text.length, PROBE_BYTES); at++) {
    const code = text.charCodeAt(at)
    // Tab, line feed, form feed and carriage return are what text files have.
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0c && code !== 0x0d) count++
  }
  return count
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte)
}

function empty(): SoftpostError {
  return new SoftpostError('file-empty', 'the file is empty; choose one with examples in it')
}

function binary(why: string): SoftpostError {
  return new SoftpostError('file-binary', `the file is not text (${why}); save it as CSV and try again`)
}
