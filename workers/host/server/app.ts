/** The provider's HTTP host: the API under /v1, health, and the page. */
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { routePath } from 'hono/route'
import { SoftpostError } from '../../protocol/errors.ts'
import { authenticate, guardLoopback } from './access.ts'
import type { AppDeps } from './deps.ts'
import { errorHandler } from './errors.ts'
import { mountHealth } from './healthRoutes.ts'
import { mountModels } from './modelRoutes.ts'
import { openApi } from './openapi.ts'
import { API_HEADERS } from '../../protocol/policy.ts'
import { mountPrompts } from './promptRoutes.ts'
import { mountSite } from './site.ts'
import { mountTransfers } from './transferRoutes.ts'
import { mountWorkshop } from '../workshop/routes.ts'

/** All routes over the given parts; no state of its own, so tests call `app.request()` on it. */
export function createApp(deps: AppDeps): Hono {
  const app = new Hono()
  app.onError(errorHandler(deps.log))
  app.notFound(() => {
    throw new SoftpostError('not-found', 'there is nothing at this address; see /openapi.json')
  })
  app.use(async function countRequests(c, next) {
    await next()
    const labels = { method: c.req.method, route: routePath(c), status: String(c.res.status) }
    deps.metrics.count('softpost_http_requests_total', 'Requests answered.', labels)
  })
  app.use(async function apiHeaders(c, next) {
    for (const [name, value] of Object.entries(API_HEADERS)) c.header(name, value)
    await next()
  })
  if (deps.access.kind === 'loopback') app.use(guardLoopback(deps.origins))
  if (deps.origins.length > 0) {
    const [allowHeaders, exposeHeaders] = [['Authorization', 'Content-Type'], ['Retry-After']]
    app.use('/v1/*', cors({ origin: [...deps.origins], allowHeaders, exposeHeaders, maxAge: 600 }))
  }
  mountTransfers(app, deps)
  mountPrompts(app, deps)
  mountModels(app, deps)
  mountHealth(app, {
    ...deps,
    mayMeasure: (c) => {
      authenticate(c, deps.access, 'metrics', deps.now())
      deps.metrics.set('softpost_classify_processes', 'Classify processes started so far.', deps.classifier.starts)
    },
  })
  app.get('/openapi.json', (c) => c.json(openApi()))
  if (deps.workshop !== null) mountWorkshop(app, deps.workshop)
  if (deps.siteDir !== null) mountSite(app, deps.siteDir, { isWorkshop: deps.workshop !== null })
  return app
}
