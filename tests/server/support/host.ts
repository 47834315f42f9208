/** Hosts for the tests: the real parts, with compute processes that do as they are told. */
import type { Hono } from 'hono'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { HostOptions } from '../../../workers/host/config.ts'
import type { Log } from '../../../workers/host/queue/log.ts'
import { createApp } from '../../../workers/host/server/app.ts'
import type { AppDeps } from '../../../workers/host/server/deps.ts'
import { openCore, type HostParts } from '../../../workers/host/server/startHost.ts'
import { TransferJob } from '../../../workers/protocol/wire.ts'
import { temporaryFolder, writeModels, writePublicSets, writeSite, type TestModels } from './folders.ts'
import { startPostgres, hasPostgres } from './postgres.ts'
import { SCRIPTS } from './scripts.ts'
import { toForm, type Upload } from './uploads.ts'

export const quiet: Log = () => undefined

/** Everything a host needs but its database, in one folder. */
export type Ground = {
  readonly path: string
  readonly models: TestModels
  readonly options: HostOptions
  [Symbol.asyncDispose](): Promise<void>
}

export async function prepareGround(): Promise<Ground> {
  const folder = await temporaryFolder()
  const models = await writeModels(folder.path)
  const dataDir = join(folder.path, 'data')
  await cp(inject('queueTemplate'), join(dataDir, 'queue'), { recursive: true })
  const options: HostOptions = {
    host: '127.0.0.1',
    port: 0,
    dataDir,
    s3: null,
    databaseUrl: null,
    keysFile: null,
    modelsDir: models.dir,
    publicSetsFile: await writePublicSets(folder.path),
    siteDir: await writeSite(folder.path),
    origins: [],
    backend: 'auto',
    retentionDays: 7,
    transferSteps: null,
    works: true,
    workshop: null,
  }
  return { path: folder.path, models, options, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** A host without its HTTP server; close it with the scope. */
export type TestHost = {
  readonly app: Hono
  readonly deps: AppDeps
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function openHost(options: HostOptions, parts: HostParts = {}): Promise<TestHost> {
  const core = await openCore(options, { scripts: SCRIPTS, log: quiet, ...parts })
  let closing: Promise<void> | null = null
  const close = async () => {
    closing ??= core.close()
    await closing
  }
  return { app: createApp(core.deps), deps: core.deps, close, [Symbol.asyncDispose]: close }
}

export async function send(app: Hono, upload: Upload, headers: Record<string, string> = {}): Promise<TransferJob> {
  const response = await app.request('/v1/transfers', { method: 'POST', body: toForm(upload), headers })
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
  return TransferJob.parse(await response.json())
}

/** The job once it is as asked for; the state is watched, not polled for. */
export async function jobWhen(
  host: TestHost,
  id: string,
  is: (job: TransferJob) => boolean,
  tenant = 'local',
): Promise<TransferJob> {
  const given = new AbortController()
  for await (const job of host.deps.transfers.watch(tenant, id, given.signal)) {
    if (!is(job)) continue
    given.abort()
    return job
  }
  throw new Error(`transfer ${id} ended without being as asked for`)
}

export const isOver = (job: TransferJob): boolean => job.state === 'finished' || job.state === 'failed'

/** A kind of database that a suite runs on. */
export type Backend = {
  readonly name: string
  readonly available: boolean
  /** Whether several hosts may use one database. */
  readonly shared: boolean
  /** Starts what is needed; `fresh` then gives each test a database of its own. */
  open(): Promise<{ fresh(ground: Ground): Promise<HostOptions>; close(): Promise<void> }>
}

export const BACKENDS: readonly Backend[] = [
  {
    name: 'PGlite',
    available: true,
    shared: false,
    open: () => Promise.resolve({ fresh: ({ options }) => Promise.resolve(options), close: () => Promise.resolve() }),
  },
  {
    name: 'PostgreSQL',
    available: hasPostgres,
    shared: true,
    open: async () => {
      const cluster = await startPostgres()
      return {
        fresh: async (ground) => ({ ...ground.options, databaseUrl: await cluster.newDatabase() }),
        close: () => cluster.stop(),
      }
    },
  },
]
