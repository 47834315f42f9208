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
import { PARTS } from '../../protocol/wire.ts'
import { isMissing, syncFolder, writeFileAtomically, writeSynced } from './atomic.ts'
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
import type { Attempt, TransferStore, UploadedPrompt } from './transferStore.ts'

const RESULT = /^result-([0-9a-f]{64})$/

export class DirectoryStore implements TransferStore {
  readonly root: string
  /** Folders of results that were asked for, by transfer. */
  readonly #handedOut = new Map<string, string>()

  constructor(root: string) {
    this.root = root
  }

  async open(options: { alone: boolean }): Promise<void> {
    for (const name of options.alone ? ['incoming', 'trash'] : []) {
      await rm(join(this.root, name), { recursive: true, force: true })
    }
    for (const name of ['transfers', 'keys', 'incoming', 'trash']) {
      await mkdir(join(this.root, name), { recursive: true, mode: 0o700 })
    }
  }

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

  async read(id: string): Promise<StoredTransfer | null> {
    if (!isTransferId(id)) return null
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
    return names.filter(isTransferId)
  }

  async writeStatus(id: string, status: TransferStatus, options: { durable: boolean }): Promise<boolean> {
    try {
      await writeFileAtomically(join(this.folder(id), 'status.json'), JSON.stringify(status), options)
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  /** Output folders of earlier runs that died are removed. */
  async newAttempt({ id, tenant }: TransferRecord): Promise<Attempt | null> {
    try {
      for (const name of await readdir(this.folder(id))) {
        if (name.startsWith('attempt-')) await rm(join(this.folder(id), name), { recursive: true, force: true })
      }
      const outDir = join(this.folder(id), `attempt-${randomUUID()}`)
      await mkdir(outDir, { mode: 0o700 })
      const discard = async () => await rm(outDir, { recursive: true, force: true })
      return { promptDir: join(this.folder(id), 'prompt'), outDir, logitsDir: this.#logitsDir(tenant), discard }
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async adoptResult(id: string, { outDir }: Attempt): Promise<string | null> {
    const standing = await this.#result(id)
    if (standing !== null) return standing
    try {
      const name = sha256Hex(await readFile(join(outDir, PARTS.weights)))
      await rename(outDir, join(this.folder(id), `result-${name}`))
      await syncFolder(this.folder(id))
      return name
    } catch (error) {
      if (isMissing(error) && (await this.read(id)) === null) return null
      throw error
    }
  }

  resultFolder(id: string, result: string): Promise<string> {
    const folder = this.#resultDir(id, result)
    this.#handedOut.set(id, folder)
    return Promise.resolve(folder)
  }

  /** The rename hides it at once, whatever is still being written into it. */
  async purge(id: string): Promise<readonly string[]> {
    const stored = await this.read(id)
    if (stored === null) return []
    const trash = join(this.root, 'trash', randomUUID())
    try {
      await rename(this.folder(id), trash)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
    const keyFile = join(this.root, 'keys', stored.record.key)
    if ((await readText(keyFile)) === id) await rm(keyFile, { force: true })
    // They follow from the templates of the tenant's transfers, of which this was one.
    await rm(this.#logitsDir(stored.record.tenant), { recursive: true, force: true, maxRetries: 5 })
    await rm(trash, { recursive: true, force: true, maxRetries: 5 })
    return await this.forget(id)
  }

  async dropOrphan(id: string): Promise<void> {
    await rm(this.folder(id), { recursive: true, force: true })
  }

  handedOut(): readonly string[] {
    return [...this.#handedOut.keys()]
  }

  forget(id: string): Promise<readonly string[]> {
    const folder = this.#handedOut.get(id)
    this.#handedOut.delete(id)
    return Promise.resolve(folder === undefined ? [] : [folder])
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  folder(id: string): string {
    return join(this.root, 'transfers', id)
  }

  /** Each tenant's own: how long a transfer takes tells nobody what another tenant's template is. */
  #logitsDir(tenant: string): string {
    return join(this.root, 'logits', sha256Hex(tenant))
  }

  #resultDir(id: string, result: string): string {
    return join(this.folder(id), `result-${result}`)
  }

  /** A status that is missing or torn (power cut between two progress writes) is told from what stands on disk. */
  async #readStatus(id: string): Promise<TransferStatus> {
    const text = await readText(join(this.folder(id), 'status.json'))
    return parseStatus(text) ?? resultStatus(await this.#result(id))
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
