/** `/healthz` (the process turns), `/readyz` (it can do work), `/metrics` (Prometheus): of a host and of a worker. */
import type { Context, Hono } from 'hono'
import process from 'node:process'
import { firstLine } from '../queue/log.ts'
import type { AppDeps } from './deps.ts'

export type HealthDeps = Pick<AppDeps, 'queue' | 'models' | 'publicSets' | 'metrics' | 'log'> & {
  /** Throws for whom `/metrics` is not for. */
  readonly mayMeasure: (c: Context) => void
}

export function mountHealth(app: Hono, { queue, models, publicSets, metrics, log, mayMeasure }: HealthDeps): void {
  app.get('/healthz', (c) => c.json({ ok: true }))

  app.get('/readyz', async (c) => {
    const checks = { database: await answers(), models: models.size > 0, publicSets: publicSets.size > 0 }
    const ready = Object.values(checks).every(Boolean)
    return c.json({ ready, checks }, ready ? 200 : 503)
  })

  app.get('/metrics', async (c) => {
    mayMeasure(c)
    const { waiting, active } = await queue.depth()
    metrics.set('softpost_queue_jobs', 'Rows of the queue.', waiting, { state: 'waiting' })
    metrics.set('softpost_queue_jobs', 'Rows of the queue.', active, { state: 'active' })
    const { rss, heapUsed } = process.memoryUsage()
    metrics.set('softpost_resident_bytes', 'Memory of this process.', rss)
    metrics.set('softpost_heap_bytes', 'What its objects take, garbage included.', heapUsed)
    return c.body(metrics.text(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  async function answers(): Promise<boolean> {
    try {
      await queue.depth()
      return true
    } catch (error) {
      log('warn', `the queue's database does not answer: ${firstLine(error)}`)
      return false
    }
  }
}
