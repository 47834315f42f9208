/** Logits on disk, from one transfer to the next: a folder of bounded size whose files go when they are not used. */
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogitsCache } from '../../transfer/plainLogits.ts'
import { isMissing, writeFileAtomically } from './atomic.ts'

export type LogitsFolderOptions = {
  readonly path: string
  /** Beyond it the files that were used longest ago go. */
  readonly maxBytes?: number
  /** Files that were not used for so many days go. */
  readonly maxAgeDays?: number
}

const MAX_BYTES = 2 ** 30
const MAX_AGE_DAYS = 7
const DAY_MS = 24 * 60 * 60 * 1000
const NAME = /^[0-9a-f]{64}\.f32$/

export class LogitsFolder implements LogitsCache {
  readonly #path: string
  readonly #maxBytes: number

  private constructor(path: string, maxBytes: number) {
    this.#path = path
    this.#maxBytes = maxBytes
  }

  /** Makes the folder and drops what is too old. */
  static async open({
    path,
    maxBytes = MAX_BYTES,
    maxAgeDays = MAX_AGE_DAYS,
  }: LogitsFolderOptions): Promise<LogitsFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const oldest = Date.now() - maxAgeDays * DAY_MS
    for (const { name, usedAt } of await filesOf(path)) {
      if (usedAt < oldest) await rm(join(path, name), { force: true })
    }
    return new LogitsFolder(path, maxBytes)
  }

  async get(key: string, length: number): Promise<Float32Array<ArrayBuffer> | null> {
    const file = join(this.#path, `${key}.f32`)
    try {
      const bytes = new Uint8Array(await readFile(file))
      if (bytes.byteLength !== length * Float32Array.BYTES_PER_ELEMENT) return null
      const now = new Date()
      await utimes(file, now, now)
      return new Float32Array(bytes.buffer)
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** Larger values than the whole folder may hold are not kept. */
  async put(key: string, values: Float32Array<ArrayBuffer>): Promise<void> {
    if (values.byteLength > this.#maxBytes) return
    try {
      await this.#makeRoom(values.byteLength)
      // Not durable: what a power cut takes is computed again.
      await writeFileAtomically(join(this.#path, `${key}.f32`), new Uint8Array(values.buffer), { durable: false })
    } catch (error) {
      // The folder was purged meanwhile, and stays so.
      if (!isMissing(error)) throw error
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const files = (await filesOf(this.#path)).sort((a, b) => a.usedAt - b.usedAt)
    let total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, bytes)
    for (const { name, sizeBytes } of files) {
      if (total <= this.#maxBytes) return
      await rm(join(this.#path, name), { force: true })
      total -= sizeBytes
    }
  }
}

type File = { readonly name: string; readonly sizeBytes: number; readonly usedAt: number }

/** Another process may take files away meanwhile. */
async function filesOf(path: string): Promise<File[]> {
  const files: File[] = []
  for (const name of await readdir(path)) {
    if (!NAME.test(name)) continue
    try {
      const { size, mtimeMs } = await stat(join(path, name))
      files.push({ name, sizeBytes: size, usedAt: mtimeMs })
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return files
}
