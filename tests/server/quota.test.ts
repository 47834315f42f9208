/** Quotas are counted in the queue's database: for all hosts on it together, and past a restart. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HostOptions } from '../../workers/host/config.ts'
import type { Sql } from '../../workers/host/queue/database.ts'
import type { Log } from '../../workers/host/queue/log.ts'
import { Usage } from '../../workers/host/queue/usage.ts'
import { createApp } from '../../workers/host/server/app.ts'
import type { Access } from '../../workers/host/server/access.ts'
import type { Quota } from '../../workers/host/server/keys.ts'
import type { HostParts } from '../../workers/host/server/startHost.ts'
import { BACKENDS, isOver, jobWhen, openHost, prepareGround, send, type Ground, type TestHost } from './support/host.ts'
import { workerProcess } from './support/processes.ts'
import { makeUpload, sha256, toForm, type Upload } from './support/uploads.ts'

/** A key whose token says whose it is and what it allows. */
const keyOf = (tenant: string, quota: Quota = {}) => ({
  Authorization: `Bearer ${tenant}${JSON.stringify(quota)}`,
})

const ACCESS: Access = {
  kind: 'keys',
  keys: {
    find: (token) => {
      const [, tenant = '', quota = ''] = /^(\w+)(\{.*\})$/.exec(token) ?? []
      return { tenant, sha256: sha256(token), scopes: ['transfer', 'classify'], quota: JSON.parse(quota) as Quota }
    },
  },
}

type KeyedHost = TestHost & { readonly app: Hono }

async function openKeyed(options: HostOptions, parts: HostParts = {}): Promise<KeyedHost> {
  const host = await openHost(options, parts)
  return { ...host, app: createApp({ ...host.deps, access: ACCESS }) }
}

const NOBODYS = '/v1/transfers/00000000-0000-4000-8000-000000000000'

/** Of so many requests at once, how many were counted and how many turned away. */
async function ask(apps: readonly Hono[], times: number, headers: Record<string, string>) {
  const asked = Array.from({ length: times }, async (_, at) => {
    const response = await apps[at % apps.length]?.request(NOBODYS, { headers })
    return response?.status
  })
  const statuses = await Promise.all(asked)
  const count = (status: number) => statuses.filter((one) => one === status).length
  return { counted: count(404), refused: count(429) }
}

async function post(app: Hono, upload: Upload, headers: Record<string, string>): Promise<Response> {
  return await app.request('/v1/transfers', { method: 'POST', body: toForm(upload), headers })
}

/** What the parts of an upload have, without the lines between them. */
async function sizeOf(upload: Upload): Promise<number> {
  let bytes = 0
  for (const part of toForm(upload).values()) bytes += (await new Response(part).arrayBuffer()).byteLength
  return bytes
}

for (const backend of BACKENDS) {
  describe.runIf(backend.available)(`quotas on ${backend.name}`, () => {
    let database: Awaited<ReturnType<typeof backend.open>>
    let ground: Ground
    let options: HostOptions
    let hosts: KeyedHost[]
    /** One, or two where they may share a database. */
    let apps: Hono[]
    let now = new Date('2026-06-01T12:00:00Z')
    const parts: HostParts = { now: () => now }
    beforeAll(async () => {
      database = await backend.open()
      ground = await prepareGround()
      options = await database.fresh(ground)
      const opening = backend.shared
        ? [openKeyed(options, parts), openKeyed(options, parts)]
        : [openKeyed(options, parts)]
      hosts = await Promise.all(opening)
      apps = hosts.map(({ app }) => app)
    })
    afterAll(async () => {
      for (const host of hosts) await host.close()
      await ground[Symbol.asyncDispose]()
      await database.close()
    })
    const first = (): KeyedHost => {
      const [host] = hosts
      if (host === undefined) throw new Error('no host was opened')
      return host
    }

    test('of requests at once, over all hosts, exactly as many pass as the quota allows', async () => {
      let tenants = 0
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 24 }), async (allowed, asked) => {
          tenants += 1
          const headers = keyOf(`many${tenants}`, { requestsPerMinute: allowed })
          const passed = Math.min(allowed, asked)
          expect(await ask(apps, asked, headers)).toEqual({ counted: passed, refused: asked - passed })
          expect(await ask(apps, 2, headers)).toEqual({
            counted: Math.min(2, allowed - passed),
            refused: 2 - Math.min(2, allowed - passed),
          })
        }),
        { numRuns: 15 },
      )
    })

    test('a window ends a minute after its first request, on every host', async () => {
      const headers = keyOf('minute', { requestsPerMinute: 3 })
      expect(await ask(apps, 2, headers)).toEqual({ counted: 2, refused: 0 })
      now = new Date(now.getTime() + 59_000)
      expect(await ask(apps, 2, headers)).toEqual({ counted: 1, refused: 1 })
      const refused = await first().app.request(NOBODYS, { headers })
      expect(refused.headers.get('retry-after')).toBe('1')
      now = new Date(now.getTime() + 1_000)
      expect(await ask(apps, 4, headers)).toEqual({ counted: 3, refused: 1 })
    })

    test('bytes are counted once: not those of what was turned away, nor of an upload that was there', async () => {
      const upload = makeUpload(ground.models)
      const bytes = await sizeOf(upload)
      const headers = keyOf('bytes', { bytesPerDay: 2 * bytes - 1 })
      const announced = { ...headers, 'Content-Length': String(bytes) }
      const job = await send(first().app, upload, headers)
      expect((await post(first().app, makeUpload(ground.models), headers)).status).toBe(429)
      now = new Date(now.getTime() + 2_000)
      // No place is left for the same bytes again: room for them is needed until they are known.
      expect((await post(first().app, upload, announced)).status).toBe(429)
      const roomier = keyOf('bytes', { bytesPerDay: 2 * bytes })
      for (const times of [1, 2, 3]) {
        const again = await post(first().app, upload, times === 2 ? { ...announced, ...roomier } : roomier)
        expect([again.status, ((await again.json()) as { id: string }).id]).toEqual([202, job.id])
      }
      expect((await first().app.request(`/v1/transfers/${job.id}`, { headers })).status).toBe(200)
    })

    test('whoever has too many transfers waiting is told so, at no cost, and others are not', async () => {
      await using other = await prepareGround()
      await using host = await openKeyed(await database.fresh(other), { unfinishedOfTenant: 2 })
      const hold = { does: 'finish', hold: true, folder: other.path } as const
      const headers = keyOf('waiting', { requestsPerMinute: 5 })
      const waiting = await Promise.all([1, 2, 3, 4].map(() => post(host.app, makeUpload(other.models, hold), headers)))
      const jobs = waiting.filter(({ status }) => status === 202)
      expect(waiting.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 202, 429, 429])
      expect((await post(host.app, makeUpload(other.models, hold), keyOf('somebody'))).status).toBe(202)
      const [kept = '', gone = ''] = await Promise.all(
        jobs.map(async (job) => ((await job.json()) as { id: string }).id),
      )
      expect((await host.app.request(`/v1/transfers/${gone}`, { method: 'DELETE', headers })).status).toBe(204)
      expect((await post(host.app, makeUpload(other.models, hold), headers)).status).toBe(202)
      expect((await post(host.app, makeUpload(other.models, hold), headers)).status).toBe(429)
      await writeFile(join(other.path, 'release'), '')
      await jobWhen(host, kept, isOver, 'waiting')
      await expect.poll(async () => (await post(host.app, makeUpload(other.models), keyOf('waiting'))).status).toBe(202)
      // Two transfers, a deletion and another transfer: those that were turned away are not among them.
      expect(await ask([host.app], 3, headers)).toEqual({ counted: 1, refused: 2 })
    })

    test('a body that no day has room for is told so and not to wait', async () => {
      const headers = keyOf('large', { bytesPerDay: 1_000 })
      const large = await post(first().app, makeUpload(ground.models), { ...headers, 'Content-Length': '1001' })
      expect([large.status, large.headers.get('retry-after')]).toEqual([413, null])
    })

    test('seconds count wherever they are computed; what is there may still be seen and deleted', async () => {
      const quota = keyOf('seconds', { computeSecondsPerDay: 0.3 })
      const job = await send(first().app, makeUpload(ground.models, { does: 'finish', lastsMs: 400 }), quota)
      const path = `/v1/transfers/${job.id}`
      await jobWhen(first(), job.id, isOver, 'seconds')
      for (const app of apps) {
        await expect.poll(async () => (await post(app, makeUpload(ground.models), quota)).status).toBe(429)
        const refused = await app.request(`/v1/prompts/${job.id}/classify`, { method: 'POST', headers: quota })
        expect([refused.status, Number(refused.headers.get('retry-after')) > 86_000]).toEqual([429, true])
        expect((await app.request(path, { headers: quota })).status).toBe(200)
      }
      expect((await first().app.request(path, { method: 'DELETE', headers: quota })).status).toBe(204)
    })

    test('a restart forgets nothing', async () => {
      await using other = await prepareGround()
      const fresh = await database.fresh(other)
      const headers = keyOf('restarted', { requestsPerMinute: 3 })
      const before = await openKeyed(fresh, parts)
      expect(await ask([before.app], 2, headers)).toEqual({ counted: 2, refused: 0 })
      await before.close()
      await using after = await openKeyed(fresh, parts)
      expect(await ask([after.app], 2, headers)).toEqual({ counted: 1, refused: 1 })
    })

    test('while it cannot be counted a key with a quota is told to come back, and others are served', async () => {
      await using other = await prepareGround()
      const host = await openKeyed(await database.fresh(other))
      await host.deps.queue.close()
      const refused = await host.app.request(NOBODYS, { headers: keyOf('away', { requestsPerMinute: 3 }) })
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await refused.text()).toContain('nothing was done')
      expect((await host.app.request(NOBODYS, { headers: keyOf('unlimited') })).status).toBe(404)
      await host.deps.transfers.stop()
      await host.deps.classifier.close()
    })

    test('what could not be told to the database is added later; what is given back too late is no gift', async () => {
      const { sql } = first().deps.queue
      let isAway = false
      const told: string[] = []
      const log: Log = (_, message) => void told.push(message)
      let time = new Date('2026-07-01T00:00:00Z')
      const flaky: Sql = async (text, values) => {
        if (isAway) throw new Error('it is away')
        return await sql(text, values)
      }
      const usage = await Usage.open({ sql: flaky, log, now: () => time })
      isAway = true
      await usage.settle('owing', { seconds: 5 })
      await usage.settle('owing', { seconds: 2, bytes: 10 })
      expect(told).toEqual(Array.from({ length: 2 }, () => 'use of quotas is counted later: it is away'))
      isAway = false
      expect(await usage.read('owing')).toBeNull()
      await usage.settle('another', { seconds: 1 })
      expect(await usage.read('owing')).toMatchObject({ requests: 0, bytes: 10, seconds: 7 })
      await usage.settle('owing', { bytes: -4 })
      expect(await usage.read('owing')).toMatchObject({ bytes: 6 })
      time = new Date('2026-07-02T00:00:00Z')
      await usage.settle('owing', { bytes: -4 })
      expect(await usage.read('owing')).toMatchObject({ dayFrom: time.getTime(), bytes: 0, seconds: 0 })
      await usage.close()
      time = new Date('2026-07-03T00:00:00Z')
      const later = await Usage.open({ sql, log, now: () => time })
      expect([await later.read('owing'), await later.read('another')]).toEqual([null, null])
      await later.close()
    })

    if (backend.shared) {
      test('what a worker computes counts too', async () => {
        await using other = await prepareGround()
        const fresh = { ...(await database.fresh(other)), works: false }
        await using host = await openKeyed(fresh)
        const worker = await workerProcess(fresh)
        try {
          const quota = keyOf('worked', { computeSecondsPerDay: 0.3 })
          const job = await send(host.app, makeUpload(other.models, { does: 'finish', lastsMs: 400 }), quota)
          await jobWhen(host, job.id, isOver, 'worked')
          await expect.poll(async () => (await post(host.app, makeUpload(other.models), quota)).status).toBe(429)
        } finally {
          await worker.kill()
        }
      })
    }
  })
}
