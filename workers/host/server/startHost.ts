/** The whole host: queue, files, compute processes and the HTTP server, with an orderly stop. */
import { createAdaptorServer } from '@hono/node-server'
import type { Server } from 'node:http'
import { definedOnly } from '../cli/options.ts'
import type { HostOptions } from '../config.ts'
import { logToStderr, type Log } from '../queue/log.ts'
import { openTransfers } from '../queue/openTransfers.ts'
import { WarmClassifier } from '../work/childClassifier.ts'
import type { Access } from './access.ts'
import { createApp } from './app.ts'
import { DEFAULT_LIMITS, type AppDeps, type Limits } from './deps.ts'
import { KeyRing } from './keys.ts'
import { createListener } from '../workshop/listener.ts'
import { invitationOf, openWorkshop, type Workshop } from '../workshop/workshop.ts'
import { SLOW_CLIENTS, closeListener, listen, portOf, type Listener, type SlowClients } from './listen.ts'
import { Metrics, countAttempt } from './metrics.ts'
import { Quotas } from './quota.ts'

/** Parts that tests replace: scripts of the compute processes, limits, clock, log. */
export type HostParts = {
  readonly scripts?: { readonly transfer: URL; readonly classify: URL }
  readonly limits?: Partial<Limits>
  readonly slowClients?: SlowClients
  readonly silentMs?: number
  readonly reconcileMs?: number
  readonly unfinishedOfTenant?: number
  readonly now?: () => Date
  readonly log?: Log
  readonly workshop?: Workshop | null
}

export type Host = {
  /** As this machine reaches it. */
  readonly url: string
  /** Null: no workshop. */
  readonly workshop: { readonly address: string; readonly fingerprint: string } | null
  close(): Promise<void>
}
export type HostCore = { readonly deps: AppDeps; close(): Promise<void> }

const CLASSIFY = new URL('../work/classifyChild.ts', import.meta.url)

/** Starts everything; resolves when it answers. Errors: `usage` (port, keys), `conflict` (data folder), `storage`. */
export async function startHost(options: HostOptions, parts: HostParts = {}): Promise<Host> {
  // The port comes first: that it is taken is known at once, the database needs seconds.
  let answer: (request: Request, env: object) => Response | Promise<Response> = answerStarting
  const workshop = options.workshop === null ? null : await openWorkshop(options.workshop, new Date())
  const { slowClients = SLOW_CLIENTS } = parts
  // Without options for HTTP/2 the adaptor makes a plain HTTP server.
  const server: Listener =
    workshop === null
      ? (createAdaptorServer({
          fetch: (request, env) => answer(request, env),
          hostname: options.host,
          serverOptions: slowClients,
        }) as Server)
      : createListener(workshop.tls, slowClients, (request, env) => answer(request, env))
  await listen(server, options)
  try {
    const core = await openCore(options, { ...parts, workshop })
    const app = createApp(core.deps)
    answer = (request, env) => app.fetch(request, env)
    return {
      url: describeUrl(options.host, server),
      workshop: workshop === null ? null : describeWorkshop(workshop, server),
      close: async () => {
        await closeListener(server)
        await core.close()
      },
    }
  } catch (error) {
    await closeListener(server)
    throw error
  }
}

function answerStarting(): Response {
  return new Response('the host is starting', { status: 503, headers: { 'Retry-After': '1' } })
}

function describeWorkshop(workshop: Workshop, server: Listener) {
  return { address: invitationOf(workshop, portOf(server)), fingerprint: workshop.tls.fingerprint }
}

function describeUrl(host: string, server: Listener): string {
  const port = portOf(server)
  const name = host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

/** The host without its HTTP server: what `createApp` needs, at work on the queue. */
export async function openCore(options: HostOptions, parts: HostParts = {}): Promise<HostCore> {
  const log = parts.log ?? logToStderr
  const now = parts.now ?? (() => new Date())
  const { keysFile, siteDir, origins, backend, works } = options
  const access: Access =
    parts.workshop?.access ??
    (keysFile === null ? { kind: 'loopback' } : { kind: 'keys', keys: new KeyRing(keysFile, log) })
  const metrics = new Metrics()
  const classifier = new WarmClassifier({ script: parts.scripts?.classify ?? CLASSIFY })
  const { silentMs, reconcileMs, unfinishedOfTenant, scripts } = parts
  const opened = await openTransfers(
    options,
    {
      works,
      reconciles: true,
      now,
      purged: (folders) => {
        for (const folder of folders) classifier.forget(folder)
      },
      spent: (seconds) => countAttempt(metrics, seconds),
    },
    { log, parts: definedOnly({ script: scripts?.transfer, silentMs, reconcileMs, unfinishedOfTenant }) },
  )
  const close = async () => {
    await opened.stop()
    await classifier.close()
    await opened.close()
  }
  try {
    await opened.start()
  } catch (error) {
    await close()
    throw error
  }
  const { models, publicSets, queue, service: transfers, usage } = opened
  const limits = { ...DEFAULT_LIMITS, ...parts.limits }
  const deps = {
    transfers,
    queue,
    classifier,
    models,
    publicSets,
    access,
    quotas: new Quotas(usage, now, log),
    metrics,
    origins,
    siteDir,
    backend,
    limits,
    workshop: parts.workshop ?? null,
    now,
    log,
  }
  return { deps, close }
}
