/** JSON that anybody may have written. */
import { SoftpostError } from '../../protocol/errors.ts'

/**
 * Values and names of the largest request that means something stay far below (a task of 64 classes of 32 words, twice).
 * A few megabytes of brackets would keep the host, and everybody on it, waiting for seconds.
 */
const MOST_PARTS = 10_000

/** Errors: `bad-request` for what is not JSON in UTF-8, or has more parts than any request. `what` is for the message. */
export function parseHostileJson(bytes: Uint8Array, what: string): unknown {
  if (hasMoreParts(bytes, MOST_PARTS)) {
    throw new SoftpostError('bad-request', `${what} has more than ${MOST_PARTS} values; see /openapi.json`)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new SoftpostError('bad-request', `${what} is not JSON in UTF-8; see /openapi.json`, { cause: error })
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c]
/** What stands before a value or a name: [ { , : */
const SEPARATORS: ReadonlySet<number> = new Set([0x5b, 0x7b, 0x2c, 0x3a])

/** Counts separators outside of strings; all of JSON's own signs are single bytes of UTF-8. */
function hasMoreParts(bytes: Uint8Array, most: number): boolean {
  let parts = 0
  let inString = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) inString = !inString
    else if (inString) at += byte === BACKSLASH ? 1 : 0
    else if (SEPARATORS.has(byte)) parts += 1
    if (parts > most) return true
  }
  return false
}
