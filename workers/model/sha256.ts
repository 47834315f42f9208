/**
 * SHA-256 (FIPS 180-4) of bytes that come in parts. WebCrypto has no such thing, and a file of weights must not be
 * brought into memory as a whole to be hashed.
 */
import type { ByteSource } from './byteSource.ts'

const BLOCK = 64
/** Bytes that are read at a time. */
const PART = 2 ** 22

/** In lower-case hex. */
export function hashSource(source: ByteSource): string {
  const hash = new Sha256()
  for (let begin = 0; begin < source.sizeBytes; begin += PART) {
    hash.update(source.read(begin, Math.min(begin + PART, source.sizeBytes)))
  }
  return hash.hex()
}

export class Sha256 {
  readonly #state = Int32Array.from(START)
  readonly #schedule = new Int32Array(64)
  readonly #rest = new Uint8Array(BLOCK)
  #restBytes = 0
  #totalBytes = 0

  update(bytes: Uint8Array): void {
    this.#totalBytes += bytes.byteLength
    let at = 0
    if (this.#restBytes > 0) {
      at = Math.min(BLOCK - this.#restBytes, bytes.byteLength)
      this.#rest.set(bytes.subarray(0, at), this.#restBytes)
      this.#restBytes += at
      if (this.#restBytes < BLOCK) return
      this.#block(this.#rest, 0)
      this.#restBytes = 0
    }
    for (; at + BLOCK <= bytes.byteLength; at += BLOCK) this.#block(bytes, at)
    this.#rest.set(bytes.subarray(at))
    this.#restBytes = bytes.byteLength - at
  }

  /** Ends the hash: nothing may be added afterwards. */
  hex(): string {
    const bits = BigInt(this.#totalBytes) * 8n
    // A one bit, zeros, and the length in the last eight bytes of a block.
    const padding = new Uint8Array((this.#restBytes < BLOCK - 8 ? BLOCK : 2 * BLOCK) - this.#restBytes)
    padding[0] = 0x80
    new DataView(padding.buffer).setBigUint64(padding.byteLength - 8, bits)
    this.update(padding)
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #block(bytes: Uint8Array, at: number): void {
    const w = this.#schedule
    for (let i = 0, from = at; i < 16; i++, from += 4) {
      w[i] =
        ((bytes[from] ?? 0) << 24) |
        ((bytes[from + 1] ?? 0) << 16) |
        ((bytes[from + 2] ?? 0) << 8) |
        (bytes[from + 3] ?? 0)
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15] ?? 0
      const y = w[i - 2] ?? 0
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
      w[i] = ((w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1) | 0
    }
    const state = this.#state
    // One by one: taking an array apart would make an iterator for each block.
    let a = state[0] ?? 0
    let b = state[1] ?? 0
    let c = state[2] ?? 0
    let d = state[3] ?? 0
    let e = state[4] ?? 0
    let f = state[5] ?? 0
    let g = state[6] ?? 0
    let h = state[7] ?? 0
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const choice = (e & f) ^ (~e & g)
      const t1 = (h + s1 + choice + (ROUND[i] ?? 0) + (w[i] ?? 0)) | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const majority = (a & b) ^ (a & c) ^ (b & c)
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + s0 + majority) | 0
    }
    state[0] = (state[0] ?? 0) + a
    state[1] = (state[1] ?? 0) + b
    state[2] = (state[2] ?? 0) + c
    state[3] = (state[3] ?? 0) + d
    state[4] = (state[4] ?? 0) + e
    state[5] = (state[5] ?? 0) + f
    state[6] = (state[6] ?? 0) + g
    state[7] = (state[7] ?? 0) + h
  }
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

/** The first 64 primes. */
const PRIMES = firstPrimes(64)
/** The first 32 bits of the fractions of the cube roots of the first 64 primes, and of the square roots of 8. */
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)))
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))

function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32)
}

function firstPrimes(count: number): number[] {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return primes
}
