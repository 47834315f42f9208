/**
 * Transfers in a bucket, for hosts and workers that share no file system. The names are those of the directory store:
 *
 *     transfers/<id>/record.json, status.json, prompt/…, result-<sha256>/…
 *     keys/<sha256>
 *
 * A transfer exists while its `record.json` does: that is written last and deleted first. Whoever writes anything else
 * looks afterwards whether it is still there and takes back what it wrote if not, so a deletion leaves nothing behind,
 * whoever was in the middle of what (the store must read what was written last, as S3 does).
 *
 * Work needs files. They are kept in a folder of this process alone, which goes with what it was made for.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { PARTS } from '../../protocol/wire.ts'
import { isRunning } from '../isRunning.ts'
import { writeFileAtomically } from './atomic.ts'
import { sha256Hex } from './hash.ts'
import {
  isTransferId,
  parseStatus,
  QUEUED,
  resultStatus,
  TransferRecord,
  type StoredTransfer,
  type TransferStatus,
} from './record.ts'
import type { S3Client } from './s3Client.ts'
import type { Attempt, TransferStore, UploadedPrompt } from './transferStore.ts'

/** Progress between two writes is skipped: each is a request. */
const PROGRESS_MS = 1_000

/** Age at which objects without a record are known to be no upload in progress. */
const ORPHAN_MS = 3_600_000

const FILES = [PARTS.config, PARTS.weights] as const
const RESULT = /\/result-([0-9a-f]{64})\/adapter_model\.safetensors$/

export class S3Store implements TransferStore {
  readonly #client: S3Client
  /** Where the local copies of all processes of this machine are. */
  readonly #cacheRoot: string
  readonly #cache: string
  readonly #handedOut = new Set<string>()
  readonly #progressAt = new Map<string, number>()

  constructor(client: S3Client, cacheRoot: string) {
    this.#client = client
    this.#cacheRoot = cacheRoot
    this.#cache = join(cacheRoot, `${process.pid}-${randomUUID()}`)
  }

  async open(): Promise<void> {
    await mkdir(this.#cache, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#cacheRoot)) {
      const pid = Number.parseInt(name, 10)
      // A process that was killed could not clear up.
      if (pid !== process.pid && !isRunning(pid))
        await rm(join(this.#cacheRoot, name), { recursive: true, force: true })
    }
    // Bucket and credentials are wrong now or never.
    await this.#client.list('keys/', true)
  }

  async close(): Promise<void> {
    await rm(this.#cache, { recursive: true, force: true })
  }

  async create(record: TransferRecord, prompt: UploadedPrompt): Promise<void> {
    const { id, key } = record
    await this.#client.put(at(id, `prompt/${PARTS.config}`), Uint8Array.from(prompt.config))
    await this.#client.put(at(id, `prompt/${PARTS.weights}`), Uint8Array.from(prompt.weights))
    await this.#client.put(at(id, 'status.json'), JSON.stringify(QUEUED))
    await this.#client.put(at(id, 'record.json'), JSON.stringify(record))
    await this.#client.put(`keys/${key}`, id)
  }

  async read(id: string): Promise<StoredTransfer | null> {
    if (!isTransferId(id)) return null
    const [record, status] = await Promise.all([this.#text(at(id, 'record.json')), this.#text(at(id, 'status.json'))])
    if (record === null) return null
    return {
      record: TransferRecord.parse(JSON.parse(record)),
      status: parseStatus(status) ?? resultStatus(await this.#result(id)),
    }
  }

  async findByKey(key: string): Promise<StoredTransfer | null> {
    const id = await this.#text(`keys/${key}`)
    return id === null ? null : await this.read(id)
  }

  async ids(): Promise<string[]> {
    const { folders } = await this.#client.list('transfers/', true)
    return folders.map((folder) => folder.split('/')[1] ?? '').filter(isTransferId)
  }

  async writeStatus(id: string, status: TransferStatus, { durable }: { durable: boolean }): Promise<boolean> {
    const now = performance.now()
    if (!durable && now - (this.#progressAt.get(id) ?? -PROGRESS_MS) < PROGRESS_MS) return true
    this.#progressAt.set(id, now)
    if (durable) this.#progressAt.delete(id)
    await this.#client.put(at(id, 'status.json'), JSON.stringify(status))
    return await this.#keep(id, ['status.json'])
  }

  async newAttempt({ id }: TransferRecord): Promise<Attempt | null> {
    const folder = join(this.#cache, `attempt-${randomUUID()}`)
    const promptDir = join(folder, 'prompt')
    const discard = async () => await rm(folder, { recursive: true, force: true })
    if (await this.#fetch(id, 'prompt', promptDir)) {
      return { promptDir, outDir: join(folder, 'out'), logitsDir: join(folder, 'logits'), discard }
    }
    await discard()
    return null
  }

  async adoptResult(id: string, { outDir }: Attempt): Promise<string | null> {
    const standing = await this.#result(id)
    if (standing !== null) return standing
    const weights = await readFile(join(outDir, PARTS.weights))
    const name = sha256Hex(weights)
    // The weights last: a result is there when they are.
    const files = FILES.map((file) => `result-${name}/${file}`)
    await this.#client.put(at(id, files[0] ?? ''), Uint8Array.from(await readFile(join(outDir, PARTS.config))))
    await this.#client.put(at(id, files[1] ?? ''), Uint8Array.from(weights))
    return (await this.#keep(id, files)) ? name : null
  }

  async resultFolder(id: string, result: string): Promise<string | null> {
    const folder = join(this.#cache, id, result)
    this.#handedOut.add(id)
    if (FILES.every((file) => existsSync(join(folder, file)))) return folder
    return (await this.#fetch(id, `result-${result}`, folder)) ? folder : null
  }

  async purge(id: string): Promise<readonly string[]> {
    const stored = await this.read(id)
    if (stored === null) return []
    await this.#client.delete(at(id, 'record.json'))
    await this.#clear(id)
    const keyFile = `keys/${stored.record.key}`
    if ((await this.#text(keyFile)) === id) await this.#client.delete(keyFile)
    return await this.forget(id)
  }

  async dropOrphan(id: string): Promise<void> {
    const { objects } = await this.#client.list(at(id, ''))
    const youngest = Math.max(...objects.map(({ modifiedAt }) => modifiedAt))
    if (Date.now() - youngest > ORPHAN_MS && !(await this.#client.has(at(id, 'record.json')))) await this.#clear(id)
  }

  handedOut(): readonly string[] {
    return [...this.#handedOut]
  }

  async forget(id: string): Promise<readonly string[]> {
    this.#handedOut.delete(id)
    const folder = join(this.#cache, id)
    const results = existsSync(folder) ? await readdir(folder) : []
    await rm(folder, { recursive: true, force: true })
    return results.map((name) => join(folder, name))
  }

  /** Copies the two files of a PEFT folder; false when the transfer is gone. */
  async #fetch(id: string, name: string, folder: string): Promise<boolean> {
    const files = await Promise.all(FILES.map(async (file) => await this.#client.get(at(id, `${name}/${file}`))))
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const [index, file] of FILES.entries()) {
      const bytes = files[index] ?? null
      if (bytes === null) return false
      await writeFileAtomically(join(folder, file), bytes, { durable: false })
    }
    return true
  }

  /** Looks whether the transfer is still there, and takes back what was written into it if not. */
  async #keep(id: string, names: readonly string[]): Promise<boolean> {
    if (await this.#client.has(at(id, 'record.json'))) return true
    for (const name of names) await this.#client.delete(at(id, name))
    return false
  }

  async #clear(id: string): Promise<void> {
    const { objects } = await this.#client.list(at(id, ''))
    for (const { key } of objects) await this.#client.delete(key)
  }

  async #result(id: string): Promise<string | null> {
    const { objects } = await this.#client.list(at(id, 'result-'))
    for (const { key } of objects) {
      const name = RESULT.exec(key)?.[1]
      if (name !== undefined) return name
    }
    return null
  }

  async #text(key: string): Promise<string | null> {
    const bytes = await this.#client.get(key)
    return bytes === null ? null : new TextDecoder().decode(bytes)
  }
}

const at = (id: string, name: string): string => `transfers/${id}/${name}`
