/** The queue of transfers: rows hold an id and nothing else. Everything else about a job is in its files. */
import type { JobWithMetadata } from 'pg-boss'
import { openDatabase, type DatabaseOptions, type QueueDatabase, type Sql } from './database.ts'

const QUEUE = 'transfers'

/** Rows are retried as often as needed; how often a job may be started is counted in its own status. */
const RETRIES = 1_000

/** A row whose host says nothing for so long is given to another host. */
const HEARTBEAT_SECONDS = 30

/** How often a host looks for work that another one took in; of its own it is told at once. */
const POLL_SECONDS = 1

export type QueueOptions = DatabaseOptions & {
  /** Longest time that one run of a job may take, in seconds. */
  readonly expireSeconds: number
}

/** Runs a job; the signal says that its row was taken away (too late, or another host has it). */
export type JobHandler = (id: string, signal: AbortSignal) => Promise<void>

/** A row as it is now; `activeMs` is how long ago it was taken. */
export type Row = { readonly state: JobWithMetadata['state']; readonly activeMs: number }

export class TransferQueue {
  readonly #database: QueueDatabase
  #worker: string | null = null

  private constructor(database: QueueDatabase) {
    this.#database = database
  }

  static async open(options: QueueOptions): Promise<TransferQueue> {
    const database = await openDatabase(options)
    await database.boss.createQueue(QUEUE, {
      retryLimit: RETRIES,
      expireInSeconds: options.expireSeconds,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      retentionSeconds: 60 * 24 * 3_600,
      deleteAfterSeconds: 3_600,
    })
    return new TransferQueue(database)
  }

  get kind(): QueueDatabase['kind'] {
    return this.#database.kind
  }

  /** The database of the queue, for what else all hosts must agree on. */
  get sql(): Sql {
    return this.#database.sql
  }

  /** Takes jobs one at a time. A handler that throws gives the row back to be tried again. */
  async work(handler: JobHandler): Promise<void> {
    this.#worker = await this.#database.boss.work<object>(
      QUEUE,
      { pollingIntervalSeconds: POLL_SECONDS, batchSize: 1 },
      async (jobs) => {
        for (const job of jobs) await handler(job.id, job.signal)
        // The next one at once. After an attempt that failed the usual pause lets memory and device recover.
        this.#wake()
      },
    )
  }

  /** Adds a row; one that is there already is left as it is. */
  async add(id: string): Promise<void> {
    await this.#database.boss.send(QUEUE, {}, { id })
    this.#wake()
  }

  async row(id: string): Promise<Row | null> {
    const row = await this.#database.boss.getJobById(QUEUE, id)
    if (row === null) return null
    return { state: row.state, activeMs: row.startedOn ? Date.now() - row.startedOn.getTime() : 0 }
  }

  async remove(id: string): Promise<void> {
    await this.#database.boss.deleteJob(QUEUE, id)
  }

  /** Rows that wait and rows that run, counted now. */
  async depth(): Promise<{ readonly waiting: number; readonly active: number }> {
    const [stats] = await this.#database.boss.getQueueStats(QUEUE)
    return { waiting: stats?.queuedCount ?? 0, active: stats?.activeCount ?? 0 }
  }

  /** Takes no further job. Those that run go on; see `close`. */
  async stopTaking(): Promise<void> {
    if (this.#worker !== null) await this.#database.boss.offWork(QUEUE, { wait: false })
    this.#worker = null
  }

  /** Waits for running handlers, then closes the database. */
  async close(): Promise<void> {
    await this.#database.close()
  }

  #wake(): void {
    if (this.#worker !== null) this.#database.boss.notifyWorker(this.#worker)
  }
}
