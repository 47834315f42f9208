/** Everything that `serve` can be told, from arguments and environment, checked once. */
import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'
import * as z from 'zod/mini'
import { SoftpostError } from '../protocol/errors.ts'
import type { BackendName } from '../protocol/tuning.ts'
import type { S3Options } from './store/s3Client.ts'
import type { WorkshopOptions } from './workshop/workshop.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export const DEFAULT_PORT = 8787

export type HostOptions = {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly dataDir: string
  /** A bucket for requests and results in place of the data folder; null for the folder. */
  readonly s3: S3Options | null
  /** PostgreSQL for the queue; null for the embedded database. */
  readonly databaseUrl: string | null
  /** Null: no keys, this machine alone. */
  readonly keysFile: string | null
  readonly modelsDir: string
  readonly publicSetsFile: string
  /** The built page, or null for the API alone. */
  readonly siteDir: string | null
  readonly origins: readonly string[]
  readonly backend: 'auto' | BackendName
  readonly retentionDays: number
  /** Steps of a transfer whose request names none; null takes what suits the backend. */
  readonly transferSteps: number | null
  /** Whether the host computes transfers itself; where not, workers do. */
  readonly works: boolean
  /** Null: no workshop. */
  readonly workshop: WorkshopOptions | null
}

/** What hosts and workers are told alike. */
export type TransferOptions = Pick<
  HostOptions,
  'dataDir' | 's3' | 'databaseUrl' | 'modelsDir' | 'publicSetsFile' | 'backend' | 'transferSteps' | 'retentionDays'
>

/** A worker's: where it answers those who watch it, or null for nowhere. */
export type WorkerOptions = TransferOptions & { readonly monitor: Pick<HostOptions, 'host' | 'port'> | null }

/** Values as they were typed; undefined takes the environment's or the default. */
export type HostArguments = {
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly 'data-dir'?: string | undefined
  readonly store?: string | undefined
  readonly 'database-url'?: string | undefined
  readonly keys?: string | undefined
  readonly models?: string | undefined
  readonly 'public-sets'?: string | undefined
  readonly site?: string | undefined
  readonly 'allow-origin'?: readonly string[] | undefined
  readonly backend?: string | undefined
  readonly 'retention-days'?: string | undefined
  readonly 'transfer-steps'?: string | undefined
  readonly monitor?: string | undefined
  readonly 'no-work'?: boolean | undefined
  readonly workshop?: boolean | undefined
  readonly 'tls-cert'?: string | undefined
  readonly 'tls-key'?: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const Port = z.coerce.number().check(z.int(), z.gte(0), z.lte(65_535))
const DatabaseUrl = z.string().check(z.regex(/^postgres(?:ql)?:\/\//))
const Origin = z.string().check(z.refine((text) => URL.canParse(text) && new URL(text).origin === text))
const Days = z.coerce.number().check(z.positive(), z.lte(365))
const Steps = z.coerce.number().check(z.int(), z.gte(1), z.lte(20_000))
const Backend = z.enum(['auto', 'webgpu', 'wasm'])

/** Errors: `usage`, naming the option and an example. */
export function readHostOptions(typed: HostArguments, environment: Environment): HostOptions {
  const keysFile = typed.keys ?? null
  const workshop = readWorkshop(typed)
  const host = typed.host ?? (workshop === null ? '127.0.0.1' : '0.0.0.0')
  if (workshop === null && keysFile === null && !['127.0.0.1', 'localhost', '::1'].includes(host)) {
    throw new SoftpostError(
      'usage',
      `--host ${host} opens the host to the network; give it --keys FILE too (docs/deploy.md)`,
    )
  }
  const shared = readShared(typed, environment)
  const works = typed['no-work'] !== true
  if (!works && shared.databaseUrl === null) {
    throw new SoftpostError('usage', '--no-work leaves the transfers to workers; these need --database-url too')
  }
  return {
    ...shared,
    host,
    port: take(Port, typed.port ?? environment['PORT'] ?? DEFAULT_PORT, '--port (or PORT)', '8787'),
    keysFile: keysFile === null ? null : resolve(keysFile),
    siteDir: resolve(typed.site ?? `${ROOT}dist`),
    origins: (typed['allow-origin'] ?? []).map((text) => take(Origin, text, '--allow-origin', 'https://example.org')),
    works,
    workshop,
  }
}

/** Errors: `usage`; a worker without a database that others reach has nobody to work for. */
export function readWorkerOptions(typed: HostArguments, environment: Environment): WorkerOptions {
  const options = { ...readShared(typed, environment), monitor: readMonitor(typed.monitor) }
  if (options.databaseUrl !== null) return options
  throw new SoftpostError(
    'usage',
    'worker: --database-url (or DATABASE_URL) is needed: the embedded database is for one process; an example: postgres://user@host/base',
  )
}

const Monitor = z.string().check(z.refine((text) => /^[^/@?#]+:\d{1,5}$/.test(text) && URL.canParse(`http://${text}`)))

function readMonitor(typed: string | undefined): WorkerOptions['monitor'] {
  if (typed === undefined) return null
  const text = take(Monitor, typed, '--monitor', '127.0.0.1:9100')
  const split = text.lastIndexOf(':')
  // An address of IPv6 stands in brackets here and without them where a server listens.
  return { host: text.slice(0, split).replaceAll(/[[\]]/g, ''), port: Number(text.slice(split + 1)) }
}

function readShared(typed: HostArguments, environment: Environment): TransferOptions {
  const databaseUrl = typed['database-url'] ?? environment['DATABASE_URL'] ?? null
  return {
    dataDir: resolve(typed['data-dir'] ?? '.softpost/host'),
    s3: typed.store === undefined ? null : readS3(typed.store, environment),
    databaseUrl:
      databaseUrl === null
        ? null
        : take(DatabaseUrl, databaseUrl, '--database-url (or DATABASE_URL)', 'postgres://user@host/base'),
    modelsDir: resolve(typed.models ?? `${ROOT}models`),
    publicSetsFile: resolve(typed['public-sets'] ?? `${ROOT}public/samples/public-sets.json`),
    backend: take(Backend, typed.backend ?? 'auto', '--backend', 'wasm'),
    retentionDays: take(Days, typed['retention-days'] ?? 7, '--retention-days', '7'),
    transferSteps:
      typed['transfer-steps'] === undefined ? null : take(Steps, typed['transfer-steps'], '--transfer-steps', '500'),
  }
}

function readWorkshop(typed: HostArguments): WorkshopOptions | null {
  const [cert, key] = [typed['tls-cert'], typed['tls-key']]
  if (typed.workshop !== true) {
    if (cert === undefined && key === undefined) return null
    throw new SoftpostError('usage', '--tls-cert and --tls-key are for --workshop; elsewhere a proxy ends TLS')
  }
  if (typed.keys !== undefined) throw new SoftpostError('usage', '--workshop makes a key of its own; leave out --keys')
  if (cert === undefined && key === undefined) return { tls: null }
  if (cert === undefined || key === undefined) {
    throw new SoftpostError('usage', '--tls-cert FILE and --tls-key FILE go together')
  }
  return { tls: { cert: resolve(cert), key: resolve(key) } }
}

const Store = z.string().check(z.regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,62}(?:\/[A-Za-z0-9._-]+)*\/?$/))
const Endpoint = z.string().check(z.regex(/^https?:\/\/[^/?#]+(?:\/[^?#]*)?$/))

/** Credentials and region by the names that every S3 tool reads. */
function readS3(typed: string, environment: Environment): S3Options {
  const { hostname: bucket, pathname } = new URL(take(Store, typed, '--store', 's3://bucket/folder'))
  const folder = pathname.replaceAll(/^\/+|\/+$/g, '')
  const region = environment['AWS_REGION'] ?? 'us-east-1'
  const endpoint =
    environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'] ?? `https://s3.${region}.amazonaws.com`
  const sessionToken = environment['AWS_SESSION_TOKEN']
  return {
    endpoint: take(Endpoint, endpoint, 'AWS_ENDPOINT_URL_S3', 'https://s3.example').replace(/\/+$/, ''),
    region,
    bucket,
    prefix: folder === '' ? '' : `${folder}/`,
    accessKeyId: requireVariable('AWS_ACCESS_KEY_ID', environment),
    secretAccessKey: requireVariable('AWS_SECRET_ACCESS_KEY', environment),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
}

function requireVariable(name: string, environment: Environment): string {
  const value = environment[name]
  if (value !== undefined && value !== '') return value
  throw new SoftpostError('usage', `--store needs ${name} in the environment`)
}

/** The message leaves the value of a database URL out: it may hold a password. */
function take<T>(schema: z.ZodMiniType<T>, value: unknown, option: string, example: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new SoftpostError('usage', `${option} is not valid; an example: ${example}`)
}
