/** The few parts of DER (X.690) that a certificate is made of. */
type Bytes = Uint8Array

const TAGS = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
}

/** Tag, length and contents; a length of 128 or more has its own bytes counted first. */
export function tagged(tag: number, ...parts: readonly Bytes[]): Bytes {
  const content = Buffer.concat(parts)
  const size = content.length
  if (size < 128) return Buffer.concat([Buffer.from([tag, size]), content])
  const length = Buffer.from(size.toString(16).padStart(size > 255 ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 128 + length.length]), length, content])
}

export const sequence = (...parts: readonly Bytes[]): Bytes => tagged(TAGS.sequence, ...parts)
export const set = (...parts: readonly Bytes[]): Bytes => tagged(TAGS.set, ...parts)
export const octets = (content: Bytes): Bytes => tagged(TAGS.octets, content)
export const utf8 = (text: string): Bytes => tagged(TAGS.utf8, Buffer.from(text))
export const TRUE: Bytes = tagged(0x01, Buffer.from([0xff]))

/** All bits are used. */
export const bits = (content: Bytes, unused = 0): Bytes => tagged(TAGS.bits, Buffer.from([unused]), content)

/** Not negative: a first bit of 1 would be a sign. */
export function integer(content: Bytes): Bytes {
  const isNegative = ((content[0] ?? 0) & 0x80) !== 0
  return tagged(TAGS.integer, isNegative ? Buffer.concat([Buffer.from([0]), content]) : content)
}

/** "1.2.840.10045.4.3.2": the first two numbers share a byte, the others take seven bits a byte. */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [40 * first + second]
  for (const number of rest) {
    const groups = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return tagged(TAGS.oid, Buffer.from(bytes))
}

/** Until 2049, after which another type is due (RFC 5280, section 4.1.2.5). */
export function utcTime(date: Date): Bytes {
  const text = date
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2)
  return tagged(TAGS.utcTime, Buffer.from(text))
}
