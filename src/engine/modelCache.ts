/**
 * Model files in the browser's own file system, where they stay for the next visit. A file is kept in parts, each of
 * them whole once it is full: what has arrived of a download that breaks off is there when it goes on.
 *
 *     models/<sha256 of the model>/<sha256 of the file>/<number of the part>
 */
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { ModelList, type ModelInfo } from '../../workers/protocol/wire.ts'

const FOLDER = 'models'
/** A crash loses at most this much of a download. */
const PART_BYTES = 16 * 2 ** 20
/** Room that is left to the runs and the budget. */
const SPARE_BYTES = 32 * 2 ** 20

type FileInfo = Pick<ModelInfo['files'][number], 'sha256' | 'sizeBytes'>

/** The folder of all models, or null where the browser has no such place (a private window, an old browser). */
async function modelsFolder(): Promise<FileSystemDirectoryHandle | null> {
  try {
    const root = await navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle(FOLDER, { create: true })
    // Safari had the folder long before pages could write there.
    return 'createWritable' in FileSystemFileHandle.prototype ? folder : null
  } catch {
    return null
  }
}

export class KeptFile {
  readonly #folder: FileSystemDirectoryHandle
  /** Sizes of the parts; all but the last are full. */
  readonly #parts: number[]
  #writer: FileSystemWritableFileStream | null = null

  private constructor(folder: FileSystemDirectoryHandle, parts: number[]) {
    this.#folder = folder
    this.#parts = parts
  }

  /** Null where the browser keeps no files. */
  static async open(modelSha256: string, { sha256 }: FileInfo): Promise<KeptFile | null> {
    const models = await modelsFolder()
    if (models === null) return null
    const model = await models.getDirectoryHandle(modelSha256, { create: true })
    const folder = await model.getDirectoryHandle(sha256, { create: true })
    const parts: number[] = []
    for (let size = PART_BYTES; size === PART_BYTES;) {
      const part = await existing(folder, parts.length)
      size = part?.size ?? 0
      if (size > 0) parts.push(size)
    }
    return new KeptFile(folder, parts)
  }

  get sizeBytes(): number {
    return this.#parts.reduce((sum, size) => sum + size, 0)
  }

  /** @throws SoftpostError `storage` when the browser has no room. */
  async append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let at = 0
    while (at < bytes.byteLength) {
      const last = this.#parts.at(-1) ?? PART_BYTES
      if (last === PART_BYTES) {
        await this.close()
        this.#parts.push(0)
      }
      const index = this.#parts.length - 1
      const size = this.#parts[index] ?? 0
      const some = bytes.subarray(at, at + PART_BYTES - size)
      const writer = await this.#open(index, size)
      await kept(() => writer.write(some))
      this.#parts[index] = size + some.byteLength
      at += some.byteLength
    }
  }

  /** What was appended is there from now on, whatever happens to the page. */
  async close(): Promise<void> {
    const writer = this.#writer
    this.#writer = null
    if (writer !== null) await kept(() => writer.close())
  }

  /** All of it, read from disk when it is read. */
  async blob(): Promise<Blob> {
    await this.close()
    const parts = await Promise.all(this.#parts.map((_, index) => existing(this.#folder, index)))
    return new Blob(parts.filter((part) => part !== null))
  }

  /** Begins anew. */
  async clear(): Promise<void> {
    await this.close()
    for (const index of this.#parts.keys()) await this.#folder.removeEntry(String(index))
    this.#parts.length = 0
  }

  async #open(index: number, size: number): Promise<FileSystemWritableFileStream> {
    if (this.#writer !== null) return this.#writer
    const handle = await this.#folder.getFileHandle(String(index), { create: true })
    const writer = await kept(() => handle.createWritable({ keepExistingData: true }))
    await writer.seek(size)
    this.#writer = writer
    return writer
  }
}

async function existing(folder: FileSystemDirectoryHandle, index: number): Promise<File | null> {
  try {
    return await (await folder.getFileHandle(String(index))).getFile()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null
    throw error
  }
}

async function kept<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new SoftpostError(
      'storage',
      'this browser has no room to keep the model; free some space and load it again',
      {
        cause: error,
      },
    )
  }
}

const LIST = 'list.json'

/** Notes what the provider offers, for a visit without a network; a browser that is full goes on without. */
export async function keepList(models: readonly ModelInfo[]): Promise<void> {
  const folder = await modelsFolder()
  if (folder === null) return
  try {
    const writer = await (await folder.getFileHandle(LIST, { create: true })).createWritable()
    await writer.write(JSON.stringify({ models }))
    await writer.close()
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}

/** What the provider offered at the last visit; null where there was none, or nothing was kept. */
export async function keptList(): Promise<readonly ModelInfo[] | null> {
  const folder = await modelsFolder()
  try {
    const file = await (await folder?.getFileHandle(LIST))?.getFile()
    return file === undefined ? null : ModelList.parse(JSON.parse(await file.text())).models
  } catch {
    // Not there, or of another version of this page: as good as none.
    return null
  }
}

/** What a file that is damaged has to go: its model is downloaded anew. */
export async function forgetModel(modelSha256: string): Promise<void> {
  await (await modelsFolder())?.removeEntry(modelSha256, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error
  })
}

/**
 * Makes room for a model by removing others of ours, the one that was loaded longest ago first. Returns how many went.
 * Where that is not enough, writing says so.
 */
export async function makeRoom({ sha256, files }: Pick<ModelInfo, 'sha256' | 'files'>): Promise<number> {
  const models = await modelsFolder()
  if (models === null) return 0
  const wanted = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) + SPARE_BYTES
  const others: { readonly name: string; readonly usedAt: number }[] = []
  let here = 0
  for await (const [name, handle] of models.entries()) {
    if (!(handle instanceof FileSystemDirectoryHandle)) continue
    const { sizeBytes, usedAt } = await measure(handle)
    if (name === sha256) here = sizeBytes
    else others.push({ name, usedAt })
  }
  others.sort((a, b) => a.usedAt - b.usedAt)
  let removed = 0
  for (const { name } of others) {
    const { quota = Infinity, usage = 0 } = await navigator.storage.estimate()
    if (quota - usage >= wanted - here) break
    await models.removeEntry(name, { recursive: true })
    removed++
  }
  return removed
}

async function measure(model: FileSystemDirectoryHandle): Promise<{ sizeBytes: number; usedAt: number }> {
  let [sizeBytes, usedAt] = [0, 0]
  for await (const file of model.values()) {
    if (!(file instanceof FileSystemDirectoryHandle)) continue
    for await (const part of file.values()) {
      if (!(part instanceof FileSystemFileHandle)) continue
      const { size, lastModified } = await part.getFile()
      sizeBytes += size
      usedAt = Math.max(usedAt, lastModified)
    }
  }
  return { sizeBytes, usedAt }
}
