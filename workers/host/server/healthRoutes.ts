/** `/healthz` (the process turns), `/readyz` (it can do work), `/metrics` (Prometheus). */
import type { Hono } from 'hono'
import { authenticate } from './access.ts'
import type { AppDeps } from './deps.ts'
import { firstLine } from '../queue/log.ts'

export function mountHealth(app: Hono, deps: AppDeps): void {
  const { queue, models, publicSets, classifier, metrics, access, now, log } = deps

  app.get('/healthz', (c) => c.json({ ok: true }))

  app.get('/readyz', async (c) => {
    const checks = { database: await answers(), models: models.size > 0, publicSets: publicSets.size > 0 }
    const ready = Object.values(checks).every(Boolean)
    return c.json({ ready, checks }, ready ? 200 : 503)
  })

  app.get('/metrics', async (c) => {
    authenticate(c, access, 'metrics', now())
    const { waiting, active } = await queue.depth()
    metrics.set('softpost_queue_jobs', 'Rows of the queue.', waiting, { state: 'waiting' })
    metrics.set('softpost_queue_jobs', 'Rows of the queue.', active, { state: 'active' })
    metrics.set('softpost_classify_processes', 'Classify processes started so far.', classifier.starts)
    const { rss, heapUsed } = process.memoryUsage()
    metrics.set('softpost_resident_bytes', 'Memory of the host process.', rss)
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
