/** The small server of a `softpost worker` for those who watch it: health, readiness and figures, nothing else. */
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import type { Server } from 'node:http'
import { SoftpostError } from '../../protocol/errors.ts'
import { errorHandler } from './errors.ts'
import { mountHealth, type HealthDeps } from './healthRoutes.ts'
import { SLOW_CLIENTS, closeListener, listen, portOf, type Address } from './listen.ts'

const everybody = () => undefined

/** The figures name no tenant and no content, so whoever reaches the address may read them. Errors: `usage` (port). */
export async function startWorkerMonitor(
  address: Address,
  deps: Omit<HealthDeps, 'mayMeasure'>,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const app = new Hono()
  app.onError(errorHandler(deps.log))
  app.notFound(() => {
    throw new SoftpostError('not-found', 'a worker answers /healthz, /readyz and /metrics')
  })
  mountHealth(app, { ...deps, mayMeasure: everybody })
  // Without options for HTTP/2 the adaptor makes a plain HTTP server.
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: address.host,
    serverOptions: SLOW_CLIENTS,
  }) as Server
  await listen(server, address)
  return { port: portOf(server), close: () => closeListener(server) }
}
