/**
 * Files of the site, compressed at their first use and kept. Only files that all visitors get alike: an answer that
 * mixed a secret with what somebody else wrote would tell of the secret by its size (BREACH).
 */
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** Those that a browser may ask for, the better first. */
const ENCODINGS = ['br', 'gzip'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** Pictures and fonts are compressed already. */
const COMPRESSIBLE = /^(?:text\/|image\/svg|application\/(?:javascript|json|jsonl|manifest\+json|wasm)\b)/
/** Smaller ones fit one packet anyway. */
const LEAST_BYTES = 1024
/** More would hold too much memory and, the first time, its reader for too long. */
const MOST_BYTES = 16 * 1024 * 1024

/** 11 would take ten times as long for a twentieth less. */
const BROTLI_QUALITY = 9

const brotliOf = promisify(brotliCompress)
const gzipOf = promisify(gzip)

const COMPRESS: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: async (bytes) =>
    await brotliOf(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  gzip: async (bytes) => await gzipOf(bytes, { level: constants.Z_BEST_COMPRESSION }),
}

/** Whether such a file is sent differently to those who take an encoding; its answers then vary by that. */
export function isCompressible(type: string, sizeBytes: number): boolean {
  return COMPRESSIBLE.test(type) && sizeBytes >= LEAST_BYTES && sizeBytes <= MOST_BYTES
}

/** The best of ours that `Accept-Encoding` names (RFC 9110, 12.5.3); `q=0` refuses one, other weights are not looked at. */
export function encodingFor(accepted: string | undefined): Encoding | null {
  const parts = (accepted ?? '').toLowerCase().split(',')
  const taken = new Set(
    parts
      .map((part) => part.split(';').map((piece) => piece.trim()))
      .filter(([, weight]) => weight === undefined || !/^q=0(?:\.0*)?$/.test(weight))
      .map(([name]) => name),
  )
  return ENCODINGS.find((encoding) => taken.has(encoding)) ?? null
}

type Kept = { readonly version: string; readonly bytes: Promise<Buffer> }

/** As much as the site's folder holds: one copy of each of its files and encoding, replaced when the file changes. */
export class CompressedFiles {
  readonly #kept = new Map<string, Kept>()

  /** @param version changes with the file's content */
  async get(file: string, version: string, encoding: Encoding): Promise<Buffer> {
    const key = `${encoding} ${file}`
    const kept = this.#kept.get(key)
    if (kept?.version === version) return await kept.bytes
    const bytes = readFile(file).then(COMPRESS[encoding])
    this.#kept.set(key, { version, bytes })
    try {
      return await bytes
    } catch (error) {
      // The next one to ask tries again.
      if (this.#kept.get(key)?.bytes === bytes) this.#kept.delete(key)
      throw error
    }
  }
}
