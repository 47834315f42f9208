/**
 * Transfers as folders, one each, so that deleting one is a rename and nothing of it can be left elsewhere:
 *
 *     transfers/<id>/record.json            what was asked
 *     transfers/<id>/status.json            how far it is
 *     transfers/<id>/prompt/                ps, the PEFT folder that was uploaded
 *     transfers/<id>/attempt-<n>/           output of a run that is not over
 *     transfers/<id>/result-<sha256>/       pt, the PEFT folder for the large model, by its content
 *     keys/<sha256>                         content of a request -> id
 *     logits/<sha256>/                      logits on public texts that a tenant's next transfer needs again
 *     incoming/, trash/                     half-written and half-deleted folders; emptied at start
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { PARTS } from '../../protocol/wire.ts'
import { isMissing, syncFolder, writeFileAtomically, writeSynced } from './atomic.ts'
import { sha256Hex } from './hash.ts'
import { QUEUED, TransferRecord, TransferStatus, type StoredTransfer } from './record.ts'

const Id = z.uuid()
const RESULT = /^result-([0-9a-f]{64})$/

export type UploadedPrompt = { readonly config: Uint8Array; readonly weights: Uint8Array }

export class TransferStore {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /**
   * Makes the folders. `alone`: no other host uses them, so what is half written or half deleted was left by one that
   * was killed, and goes.
   */
  async open(options: { alone: boolean }): Promise<void> {
    for (const name of options.alone ? ['incoming', 'trash'] : []) {
      await rm(join(this.root, name), { recursive: true, force: true })
    }
    for (const name of ['transfers', 'keys', 'incoming', 'trash']) {
      await mkdir(join(this.root, name), { recursive: true, mode: 0o700 })
    }
  }

  /** Puts a new transfer on disk, complete and durable, or not at all. */
  async create(record: TransferRecord, prompt: UploadedPrompt): Promise<void> {
    const building = join(this.root, 'incoming', record.id)
    try {
      await mkdir(join(building, 'prompt'), { recursive: true, mode: 0o700 })
      await writeSynced(join(building, 'prompt', PARTS.config), prompt.config)
      await writeSynced(join(building, 'prompt', PARTS.weights), prompt.weights)
      await writeSynced(join(building, 'status.json'), JSON.stringify(QUEUED))
      await writeSynced(join(building, 'record.json'), JSON.stringify(record))
      await syncFolder(join(building, 'prompt'))
      await syncFolder(building)
      await rename(building, this.folder(record.id))
      await syncFolder(join(this.root, 'transfers'))
    } catch (error) {
      await rm(building, { recursive: true, force: true })
      throw error
    }
    await writeFileAtomically(join(this.root, 'keys', record.key), record.id)
  }

  /** The transfer, or null when there is none (or no more) of this id. */
  async read(id: string): Promise<StoredTransfer | null> {
    if (!Id.safeParse(id).success) return null
    const text = await readText(join(this.folder(id), 'record.json'))
    if (text === null) return null
    return { record: TransferRecord.parse(JSON.parse(text)), status: await this.#readStatus(id) }
  }

  async findByKey(key: string): Promise<StoredTransfer | null> {
    const id = await readText(join(this.root, 'keys', key))
    return id === null ? null : await this.read(id)
  }

  async ids(): Promise<string[]> {
    const names = await readdir(join(this.root, 'transfers'))
    return names.filter((name) => Id.safeParse(name).success)
  }

  /** Replaces the status; false when the transfer was deleted meanwhile. */
  async writeStatus(id: string, status: TransferStatus, options: { durable: boolean }): Promise<boolean> {
    try {
      await writeFileAtomically(join(this.folder(id), 'status.json'), JSON.stringify(status), options)
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  /** A fresh, empty output folder; those of earlier runs that died are removed. Null when the transfer is gone. */
  async newAttempt(id: string): Promise<string | null> {
    try {
      for (const name of await readdir(this.folder(id))) {
        if (name.startsWith('attempt-')) await rm(join(this.folder(id), name), { recursive: true, force: true })
      }
      const attempt = join(this.folder(id), `attempt-${randomUUID()}`)
      await mkdir(attempt, { mode: 0o700 })
      return attempt
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /**
   * Makes a run's output the result. The first result stands: a second run of the same job (its host was thought dead)
   * changes nothing. Returns the result's name, or null when the transfer is gone.
   */
  async adoptResult(id: string, attempt: string): Promise<string | null> {
    const standing = await this.#result(id)
    if (standing !== null) {
      await rm(attempt, { recursive: true, force: true })
      return standing
    }
    try {
      const name = sha256Hex(await readFile(join(attempt, PARTS.weights)))
      await rename(attempt, join(this.folder(id), `result-${name}`))
      await syncFolder(this.folder(id))
      return name
    } catch (error) {
      if (isMissing(error) && (await this.read(id)) === null) return null
      throw error
    }
  }

  /** Removes every byte of the transfer. The rename hides it at once, whatever is still being written into it. */
  async purge(id: string): Promise<void> {
    const stored = await this.read(id)
    if (stored === null) return
    const trash = join(this.root, 'trash', randomUUID())
    try {
      await rename(this.folder(id), trash)
    } catch (error) {
      if (isMissing(error)) return
      throw error
    }
    const keyFile = join(this.root, 'keys', stored.record.key)
    if ((await readText(keyFile)) === id) await rm(keyFile, { force: true })
    // They follow from the templates of the tenant's transfers, of which this was one.
    await rm(this.logitsDir(stored.record.tenant), { recursive: true, force: true, maxRetries: 5 })
    await rm(trash, { recursive: true, force: true, maxRetries: 5 })
  }

  folder(id: string): string {
    return join(this.root, 'transfers', id)
  }

  /** Each tenant's own: how long a transfer takes tells nobody what another tenant's template is. */
  logitsDir(tenant: string): string {
    return join(this.root, 'logits', sha256Hex(tenant))
  }

  promptDir(id: string): string {
    return join(this.folder(id), 'prompt')
  }

  resultDir(id: string, result: string): string {
    return join(this.folder(id), `result-${result}`)
  }

  /** A status that is missing or torn (power cut between two progress writes) is told from what stands on disk. */
  async #readStatus(id: string): Promise<TransferStatus> {
    const text = await readText(join(this.folder(id), 'status.json'))
    const parsed = text === null ? null : TransferStatus.safeParse(parseJson(text))
    if (parsed?.success) return parsed.data
    const result = await this.#result(id)
    return result === null ? QUEUED : { ...QUEUED, state: 'finished', phase: 'done', result }
  }

  async #result(id: string): Promise<string | null> {
    try {
      for (const name of await readdir(this.folder(id))) {
        const match = RESULT.exec(name)
        if (match?.[1] !== undefined) return match[1]
      }
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    return null
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
