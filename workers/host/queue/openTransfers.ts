/** The parts that take, keep and run transfers, put together: for a host, and for a worker that only computes. */
import { ModelRegistry } from '../store/modelRegistry.ts'
import { PublicSets } from '../store/publicSets.ts'
import { join } from 'node:path'
import { DirectoryStore } from '../store/directoryStore.ts'
import { S3Client } from '../store/s3Client.ts'
import { S3Store } from '../store/s3Store.ts'
import type { TransferOptions } from '../config.ts'
import type { Log } from './log.ts'
import { TransferQueue } from './queue.ts'
import { Usage } from './usage.ts'
import { TransferService, type TransferServiceDeps } from './transferService.ts'

/** Longest run of one transfer, in seconds. */
const TRANSFER_SECONDS = 6 * 3_600

const SCRIPT = new URL('../work/transferChild.ts', import.meta.url)

type Hooks = Pick<TransferServiceDeps, 'works' | 'reconciles' | 'spent' | 'purged' | 'now'>

/** Parts that tests replace. */
export type TransferParts = {
  /** The script that computes a transfer. */
  readonly script?: URL
  readonly silentMs?: number
  readonly reconcileMs?: number
  readonly unfinishedOfTenant?: number
}

export type Transfers = {
  readonly models: ModelRegistry
  readonly publicSets: PublicSets
  readonly queue: TransferQueue
  readonly service: TransferService
  /** What tenants use: this process charges it with the transfers that it computes. */
  readonly usage: Usage
  /** Fills the queue from the files and begins to work. */
  start(): Promise<void>
  /** Gives back what runs; the queue stays open for `close`. */
  stop(): Promise<void>
  close(): Promise<void>
}

/** Errors: `conflict` (the data folder has another host), `storage`, `file-format`. */
export async function openTransfers(
  options: TransferOptions,
  hooks: Hooks,
  { log, parts = {} }: { readonly log: Log; readonly parts?: TransferParts },
): Promise<Transfers> {
  const [models, publicSets] = await Promise.all([
    ModelRegistry.open(options.modelsDir, log),
    PublicSets.open(options.publicSetsFile, log),
  ])
  const { dataDir, s3, databaseUrl, backend, transferSteps, retentionDays } = options
  const { script = SCRIPT, ...times } = parts
  const queue = await TransferQueue.open({ dataDir, databaseUrl, log, expireSeconds: TRANSFER_SECONDS })
  const usage = await Usage.open({ sql: queue.sql, now: hooks.now, log })
  const store = s3 === null ? new DirectoryStore(dataDir) : new S3Store(new S3Client(s3), join(dataDir, 'copies'))
  const service = new TransferService({
    store,
    queue,
    models,
    publicSets,
    log,
    script,
    backend,
    transferSteps,
    retentionDays,
    charge: (tenant, seconds) => usage.settle(tenant, { seconds }),
    ...hooks,
    ...times,
  })
  return {
    models,
    publicSets,
    queue,
    service,
    usage,
    start: async () => {
      await store.open({ alone: queue.kind === 'pglite' })
      await service.start()
    },
    stop: () => service.stop(),
    close: async () => {
      await usage.close()
      // Jobs that are still at work end, and charge their last seconds, before its database closes.
      await queue.close()
      await store.close()
    },
  }
}
