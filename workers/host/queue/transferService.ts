/** Everything the host does with transfers: takes them, runs them, shows them, deletes them. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import process from 'node:process'
import { SoftpostError } from '../../protocol/errors.ts'
import type { TransferJob, TransferRequest } from '../../protocol/wire.ts'
import { isRunning } from '../isRunning.ts'
import { sha256Hex } from '../store/hash.ts'
import { isOver, toJob, type StoredTransfer, type TransferRecord, type TransferStatus } from '../store/record.ts'
import type { UploadedPrompt } from '../store/transferStore.ts'
import { Changes } from './changes.ts'
import { firstLine } from './log.ts'
import type { TransferQueue } from './queue.ts'
import { Unfinished } from './unfinished.ts'
import { runTransfer, type RunnerDeps, type StopReason } from './runner.ts'

/** How often a watcher looks by itself, for changes that another host made. */
const WATCH_MS = 1_000

/**
 * A row that was taken a moment ago may be held by a process that has not yet written its name, with that of a dead one
 * still standing there.
 */
const TAKEN_MS = 2_000

/** How often the queue is compared with the files, and how often expired transfers are removed. */
const RECONCILE_MS = 30_000

/** More than anybody waits for; of the largest uploads they take 6 GiB. */
const UNFINISHED_OF_TENANT = 200

export type TransferServiceDeps = Omit<RunnerDeps, 'changed'> & {
  readonly queue: TransferQueue
  /** Days that a transfer is kept from its upload on. */
  readonly retentionDays: number
  readonly now: () => Date
  /** Whether this process takes jobs. */
  readonly works: boolean
  /** Whether it keeps queue and files in step: those that take requests do, a worker has no need to. */
  readonly reconciles: boolean
  readonly reconcileMs?: number
  /** Transfers that one tenant may have waiting and running. */
  readonly unfinishedOfTenant?: number
  /** Called when a transfer's bytes are removed, with the folders that held prompts. */
  readonly purged: (folders: readonly string[]) => void
}

export type Submission = {
  readonly request: TransferRequest
  readonly teacher: TransferRecord['teacher']
  readonly prompt: UploadedPrompt
}

/** The job of an upload, and whether it was there before. */
export type Submitted = { readonly job: TransferJob; readonly isNew: boolean }

export class TransferService {
  readonly #deps: TransferServiceDeps
  readonly #changes = new Changes()
  readonly #running = new Map<string, AbortController>()
  /** Submissions in progress by key: the same upload twice at once is one job too. */
  readonly #submitting = new Map<string, Promise<Submitted>>()
  /** Transfers that are over, with the time they expire: until then there is nothing to look at. */
  #settled: ReadonlyMap<string, number> = new Map()
  readonly #unfinished: Unfinished
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #reconciling: Promise<void> | null = null
  /** The first comparison. In a database that is this host's own nobody takes jobs yet: an active row is an orphan. */
  #starting = false

  constructor(deps: TransferServiceDeps) {
    this.#deps = deps
    this.#unfinished = new Unfinished(deps.unfinishedOfTenant ?? UNFINISHED_OF_TENANT)
  }

  /** Fills the queue from the files and begins to work. */
  async start(): Promise<void> {
    const { queue, works, reconciles, reconcileMs = RECONCILE_MS } = this.#deps
    if (reconciles) {
      this.#starting = true
      await this.reconcile()
      this.#starting = false
      this.#timer = setInterval(() => this.#reconcileLater(), reconcileMs)
    }
    if (works) await queue.work((id, signal) => this.#run(id, signal))
  }

  #reconcileLater(): void {
    this.reconcile().catch((error: unknown) => this.#deps.log('error', `queue: ${firstLine(error)}`))
  }

  /** Ends what runs (it is tried again after the next start) and stops. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    await this.#deps.queue.stopTaking()
    for (const run of this.#running.values()) run.abort('host-stops' satisfies StopReason)
    await this.#reconciling
  }

  /** Takes an upload that was checked. The same request of the same tenant is the same job, unless that one failed. Errors: `busy`. */
  async submit(tenant: string, submission: Submission): Promise<Submitted> {
    const { request, prompt } = submission
    const configSha256 = sha256Hex(prompt.config)
    const weightsSha256 = sha256Hex(prompt.weights)
    const key = sha256Hex(JSON.stringify([tenant, configSha256, weightsSha256, request]))
    const known = this.#submitting.get(key)
    if (known) return { ...(await known), isNew: false }
    const work = this.#submit(tenant, submission, { key, configSha256, weightsSha256 })
    this.#submitting.set(key, work)
    try {
      return await work
    } finally {
      this.#submitting.delete(key)
    }
  }

  async #submit(
    tenant: string,
    { request, teacher, prompt }: Submission,
    address: { readonly key: string; readonly configSha256: string; readonly weightsSha256: string },
  ): Promise<Submitted> {
    const standing = await this.#deps.store.findByKey(address.key)
    if (standing && standing.status.state !== 'failed' && !this.#isExpired(standing)) {
      return { job: toJob(standing), isNew: false }
    }
    const now = this.#deps.now()
    const id = randomUUID()
    this.#unfinished.begin(id, tenant)
    await this.#create(
      {
        version: 1,
        id,
        tenant,
        key: address.key,
        request,
        teacher,
        prompt: {
          configSha256: address.configSha256,
          weightsSha256: address.weightsSha256,
          sizeBytes: prompt.config.byteLength + prompt.weights.byteLength,
        },
        createdAt: now.toISOString(),
        expiresAt: new Date(now.getTime() + this.#deps.retentionDays * 86_400_000).toISOString(),
      },
      prompt,
    )
    try {
      await this.#deps.queue.add(id)
    } catch (error) {
      // The request is safe on disk: the next comparison of queue and files adds its row.
      this.#deps.log('warn', `transfer waits for its row: ${firstLine(error)}`, { id })
    }
    return { job: toJob(await this.read(tenant, id)), isNew: true }
  }

  async #create(record: TransferRecord, prompt: UploadedPrompt): Promise<void> {
    try {
      await this.#deps.store.create(record, prompt)
    } catch (error) {
      this.#unfinished.end(record.id)
      throw error
    }
  }

  /** The tenant's transfer. Errors: `not-found`, also for one of another tenant or past its time. */
  async read(tenant: string, id: string): Promise<StoredTransfer> {
    const stored = await this.#deps.store.read(id)
    if (stored === null || stored.record.tenant !== tenant || this.#isExpired(stored)) {
      throw gone()
    }
    return stored
  }

  /** PEFT folder with pt. Errors: `not-found`, `conflict` while there is no result. */
  async result(tenant: string, id: string): Promise<{ readonly stored: StoredTransfer; readonly folder: string }> {
    const stored = await this.read(tenant, id)
    const { state, result } = stored.status
    if (state !== 'finished' || result === null) {
      throw new SoftpostError('conflict', `the transfer is ${state}; its prompt is there once it is finished`)
    }
    const folder = await this.#deps.store.resultFolder(id, result)
    if (folder === null) throw gone()
    return { stored, folder }
  }

  /** The job as it is, then each time it has changed, until it is over, deleted, or the signal is aborted. */
  async *watch(tenant: string, id: string, signal: AbortSignal): AsyncGenerator<TransferJob> {
    let last = ''
    while (!signal.aborted) {
      const changed = this.#changes.next(id, WATCH_MS, signal)
      const stored = await this.#readOrNull(tenant, id)
      if (stored === null) return
      const job = toJob(stored)
      const text = JSON.stringify(job)
      if (text !== last) yield job
      if (isOver(stored.status)) return
      last = text
      await changed
    }
  }

  /** Removes every byte of the transfer at once, stopping its run. Errors: `not-found`. */
  async remove(tenant: string, id: string): Promise<void> {
    await this.#purge(await this.read(tenant, id))
  }

  async #purge({ record }: StoredTransfer): Promise<void> {
    const { store, queue, purged, log } = this.#deps
    this.#running.get(record.id)?.abort('deleted' satisfies StopReason)
    purged(await store.purge(record.id))
    this.#unfinished.end(record.id)
    this.#changes.announce(record.id)
    try {
      await queue.remove(record.id)
    } catch (error) {
      // A row holds nothing but the id, and a job without files ends as soon as it is taken.
      log('warn', `row of a deleted transfer stays: ${firstLine(error)}`, { id: record.id })
    }
  }

  /**
   * Makes the queue agree with the files: an unfinished transfer has a row that will be taken, an expired one is gone.
   * So a lost, rebuilt or unreachable queue costs time and nothing else.
   */
  async reconcile(): Promise<void> {
    this.#reconciling ??= this.#reconcile().finally(() => {
      this.#reconciling = null
    })
    await this.#reconciling
  }

  async #reconcile(): Promise<void> {
    const { store, log, now, purged } = this.#deps
    const settled = new Map<string, number>()
    const seen = new Set(await store.ids())
    for (const id of seen) {
      const until = this.#settled.get(id)
      if (until !== undefined && until > now().getTime()) {
        settled.set(id, until)
        continue
      }
      try {
        const stored = await store.read(id)
        // A folder without a record is what an orphaned process wrote after the transfer was deleted.
        if (stored === null) await store.dropOrphan(id)
        else if (this.#isExpired(stored)) await this.#purge(stored)
        else if (isOver(stored.status)) {
          this.#unfinished.end(id)
          settled.set(id, Date.parse(stored.record.expiresAt))
        } else {
          this.#unfinished.found(id, stored.record.tenant)
          await this.#ensureRow(id, stored.status)
        }
      } catch (error) {
        log('error', `transfer left as it is: ${firstLine(error)}`, { id })
      }
    }
    this.#settled = settled
    this.#unfinished.keep(seen)
    for (const id of store.handedOut()) {
      if (!seen.has(id) && (await store.read(id)) === null) purged(await store.forget(id))
    }
  }

  async #ensureRow(id: string, status: TransferStatus): Promise<void> {
    if (this.#running.has(id)) return
    const { queue } = this.#deps
    const row = await queue.row(id)
    if (row?.state === 'created' || row?.state === 'retry') return
    if (row?.state === 'active') {
      const alone = this.#starting && queue.kind === 'pglite'
      if (!alone && !isDead(status.runner)) return
      if (!alone && row.activeMs < TAKEN_MS) {
        clearTimeout(this.#soon)
        this.#soon = setTimeout(() => this.#reconcileLater(), TAKEN_MS)
        return
      }
    }
    if (row !== null) await queue.remove(id)
    await queue.add(id)
  }

  async #run(id: string, lost: AbortSignal): Promise<void> {
    const run = new AbortController()
    const onLost = () => run.abort('row-lost' satisfies StopReason)
    lost.addEventListener('abort', onLost, { once: true })
    this.#running.set(id, run)
    try {
      await runTransfer({ ...this.#deps, changed: (id) => this.#changes.announce(id) }, id, run.signal)
      this.#unfinished.end(id)
    } finally {
      lost.removeEventListener('abort', onLost)
      this.#running.delete(id)
    }
  }

  #isExpired({ record }: StoredTransfer): boolean {
    return Date.parse(record.expiresAt) <= this.#deps.now().getTime()
  }

  async #readOrNull(tenant: string, id: string): Promise<StoredTransfer | null> {
    try {
      return await this.read(tenant, id)
    } catch (error) {
      if (error instanceof SoftpostError && error.code === 'not-found') return null
      throw error
    }
  }
}

/** Whether the process that ran a job is known to be gone: it was on this machine and is no more. */
function isDead(runner: TransferStatus['runner']): boolean {
  if (runner === null || runner.host !== hostname()) return false
  // Not in our list of running jobs, so it was an earlier process: containers give the same pid again.
  if (runner.pid === process.pid) return true
  return !isRunning(runner.pid)
}

function gone(): SoftpostError {
  return new SoftpostError('not-found', 'there is no such transfer, or it has expired')
}
