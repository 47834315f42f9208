/** `multipart/form-data` (RFC 7578) as one array of bytes, so that what is shown before sending is what is sent. */
import { SoftpostError } from '../../workers/protocol/errors.ts'

export type Part = { readonly name: string; readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }
export type Body = { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }

/** Names that need no escaping in a header. */
const PLAIN_NAME = /^[A-Za-z0-9._-]+$/

export function writeMultipart(parts: readonly Part[], boundary = newBoundary()): Body {
  const encoder = new TextEncoder()
  const mark = encoder.encode(boundary)
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (const { name, type, bytes } of parts) {
    if (!PLAIN_NAME.test(name)) throw new SoftpostError('internal', `multipart: ${name} is not a plain name`)
    if (contains(bytes, mark))
      throw new SoftpostError('internal', `multipart: ${name} holds the boundary; draw another`)
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`
    pieces.push(encoder.encode(head), bytes, encoder.encode('\r\n'))
  }
  pieces.push(encoder.encode(`--${boundary}--\r\n`))
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: concatenate(pieces) }
}

/** 122 random bits: no file holds it but by a fault. */
function newBoundary(): string {
  return `softpost-${crypto.randomUUID()}`
}

function contains(bytes: Uint8Array, mark: Uint8Array): boolean {
  const last = bytes.length - mark.length
  for (
    let start = bytes.indexOf(mark[0] ?? 0);
    start >= 0 && start <= last;
    start = bytes.indexOf(mark[0] ?? 0, start + 1)
  ) {
    if (mark.every((byte, i) => bytes[start + i] === byte)) return true
  }
  return false
}

export function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
