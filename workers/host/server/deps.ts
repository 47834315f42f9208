/** What the routes need; made by startHost, and by tests with parts of their own. */
import type { Context } from 'hono'
import type { BackendName } from '../../protocol/tuning.ts'
import type { Log } from '../queue/log.ts'
import type { TransferQueue } from '../queue/queue.ts'
import type { TransferService } from '../queue/transferService.ts'
import type { ModelRegistry } from '../store/modelRegistry.ts'
import type { PublicSets } from '../store/publicSets.ts'
import type { WarmClassifier } from '../work/childClassifier.ts'
import { authenticate, type Access, type Caller } from './access.ts'
import type { Scope } from './keys.ts'
import type { Workshop } from '../workshop/workshop.ts'
import type { Metrics } from './metrics.ts'
import type { Cost, Quotas } from './quota.ts'

export type Limits = {
  /** Bytes of a whole upload. */
  readonly uploadBytes: number
  /** Uploads that may be in memory at once, and how many of them may be one tenant's. */
  readonly uploadsAtOnce: number
  readonly uploadsOfTenant: number
  /** Streams of events that may be open at once. */
  readonly streamsAtOnce: number
  readonly streamsOfTenant: number
  /** Bytes of a request with texts. */
  readonly classifyBytes: number
  /** Requests with texts that may be in memory at once, and how many of them may be one tenant's. */
  readonly textsAtOnce: number
  readonly textsOfTenant: number
  /** Rows P of a prompt. */
  readonly promptRows: number
}

export const DEFAULT_LIMITS: Limits = {
  uploadBytes: 32 * 2 ** 20,
  uploadsAtOnce: 8,
  uploadsOfTenant: 4,
  streamsAtOnce: 1_000,
  streamsOfTenant: 100,
  classifyBytes: 8 * 2 ** 20,
  textsAtOnce: 16,
  textsOfTenant: 12,
  promptRows: 512,
}

export type AppDeps = {
  readonly transfers: TransferService
  readonly queue: TransferQueue
  readonly classifier: WarmClassifier
  readonly models: ModelRegistry
  readonly publicSets: PublicSets
  readonly access: Access
  readonly quotas: Quotas
  readonly metrics: Metrics
  /** Origins besides the host's own whose pages may call the API. */
  readonly origins: readonly string[]
  /** Folder of the built page, or null for an API alone. */
  readonly siteDir: string | null
  readonly backend: 'auto' | BackendName
  readonly limits: Limits
  readonly workshop: Workshop | null
  readonly now: () => Date
  readonly log: Log
}

/** What a request costs that sends nothing and makes nothing be computed. */
export const FOLLOWING: Cost = { requests: 1, bytes: 0, computes: false }

/** The caller of a route that needs `scope` and no body, with the request counted against the key's quota. */
export async function admit(c: Context, deps: AppDeps, scope: Scope): Promise<Caller> {
  const caller = authenticate(c, deps.access, scope, deps.now())
  await deps.quotas.admit(caller, FOLLOWING)
  return caller
}
