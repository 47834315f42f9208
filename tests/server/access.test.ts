/** Keys, tenants, quotas, and what a host without keys refuses. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readHostOptions, readWorkerOptions } from '../../workers/host/config.ts'
import { readKeys } from '../../workers/host/server/keys.ts'
import { ErrorBody } from '../../workers/protocol/wire.ts'
import { isOver, jobWhen, openHost, prepareGround, send, type Ground, type TestHost } from './support/host.ts'
import { makeUpload, sha256, toForm } from './support/uploads.ts'

const TOKENS = {
  anna: 'token-of-anna-0000000000',
  annaToo: 'second-token-of-anna-000',
  bert: 'token-of-bert-0000000000',
  reader: 'token-of-reader-00000000',
  late: 'token-that-expired-00000',
  small: 'token-with-a-quota-00000',
}

const KEYS = [
  { tenant: 'anna', sha256: sha256(TOKENS.anna), scopes: ['transfer', 'classify'] },
  { tenant: 'anna', sha256: sha256(TOKENS.annaToo), scopes: ['transfer'] },
  { tenant: 'bert', sha256: sha256(TOKENS.bert), scopes: ['transfer', 'classify', 'metrics'] },
  { tenant: 'reader', sha256: sha256(TOKENS.reader), scopes: ['classify'] },
  { tenant: 'late', sha256: sha256(TOKENS.late), scopes: ['transfer'], expiresAt: '2026-01-01T00:00:00Z' },
  {
    tenant: 'small',
    sha256: sha256(TOKENS.small),
    scopes: ['transfer'],
    quota: { requestsPerMinute: 3, bytesPerDay: 9_000 },
  },
]

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

describe('with keys', () => {
  let ground: Ground
  let host: TestHost
  let now = new Date('2026-06-01T00:00:00Z')
  beforeAll(async () => {
    ground = await prepareGround()
    const keysFile = join(ground.path, 'keys.json')
    await writeFile(keysFile, JSON.stringify(KEYS))
    host = await openHost({ ...ground.options, keysFile, origins: ['https://page.example'] }, { now: () => now })
  })
  afterAll(async () => {
    await host.close()
    await ground[Symbol.asyncDispose]()
  })

  const post = async (headers: Record<string, string>) =>
    await host.app.request('/v1/transfers', { method: 'POST', body: toForm(makeUpload(ground.models)), headers })

  test.for([
    ['no key', {}],
    ['an unknown key', bearer('token-of-nobody-00000000')],
    ['the hash of a key', bearer(sha256(TOKENS.anna))],
    ['another scheme', { Authorization: `Basic ${TOKENS.anna}` }],
    ['a key without the scope', bearer(TOKENS.reader)],
    ['a key past its time', bearer(TOKENS.late)],
    ['a key of strange letters', bearer('tökén-of-ännä')],
  ] as const)('%s is refused before anything is read', async ([, headers]) => {
    const response = await post(headers)
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    const { error } = ErrorBody.parse(await response.json())
    expect(error.code).toBe('unauthorized')
    for (const token of Object.values(TOKENS)) expect(error.message).not.toContain(token)
  })

  test('a transfer is its tenant’s alone, under any of its keys', async () => {
    const upload = makeUpload(ground.models)
    const job = await send(host.app, upload, bearer(TOKENS.anna))
    await jobWhen(host, job.id, isOver, 'anna')
    const paths = ['', '/events', '/prompt', '/prompt/adapter_config.json'].map(
      (end) => `/v1/transfers/${job.id}${end}`,
    )
    for (const path of paths) {
      expect((await host.app.request(path, { headers: bearer(TOKENS.bert) })).status).toBe(404)
      const own = await host.app.request(path, { headers: bearer(TOKENS.annaToo) })
      expect(own.status).toBe(200)
      await own.arrayBuffer()
    }
    const classify = { method: 'POST', body: '{"texts":["a"]}', headers: bearer(TOKENS.bert) }
    expect((await host.app.request(`/v1/prompts/${job.id}/classify`, classify)).status).toBe(404)
    const remove = { method: 'DELETE', headers: bearer(TOKENS.bert) }
    expect((await host.app.request(`/v1/transfers/${job.id}`, remove)).status).toBe(404)
    expect((await send(host.app, upload, bearer(TOKENS.annaToo))).id).toBe(job.id)
    expect((await send(host.app, upload, bearer(TOKENS.bert))).id).not.toBe(job.id)
  })

  test('models, page and health need no key; figures need theirs', async () => {
    for (const path of ['/v1/models', '/v1/public-sets', '/', '/healthz', '/readyz', '/openapi.json', '/config.json']) {
      expect([path, (await host.app.request(path)).status]).toEqual([path, 200])
    }
    expect((await host.app.request('/metrics')).status).toBe(401)
    expect((await host.app.request('/metrics', { headers: bearer(TOKENS.anna) })).status).toBe(401)
    expect((await host.app.request('/metrics', { headers: bearer(TOKENS.bert) })).status).toBe(200)
  })

  test('a quota turns away with the time to wait, and comes back', async () => {
    const list = async () =>
      await host.app.request('/v1/transfers/00000000-0000-4000-8000-000000000000', { headers: bearer(TOKENS.small) })
    for (let request = 0; request < 3; request += 1) expect((await list()).status).toBe(404)
    const refused = await list()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    now = new Date(now.getTime() + 60_000)
    expect((await list()).status).toBe(404)
    // More than a day allows: waiting would not help.
    const large = await post({ ...bearer(TOKENS.small), 'Content-Length': '9001' })
    expect(large.status).toBe(413)
  })

  test('only configured origins may read answers from a page', async () => {
    const ask = async (origin: string) =>
      await host.app.request('/v1/transfers', {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'Authorization',
        },
      })
    expect((await ask('https://page.example')).headers.get('access-control-allow-origin')).toBe('https://page.example')
    expect((await ask('https://other.example')).headers.get('access-control-allow-origin')).toBeNull()
    const answer = await host.app.request('/v1/models', { headers: { Origin: 'https://page.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://page.example')
    expect(answer.headers.get('access-control-expose-headers')).toBe('Retry-After')
  })
})

describe('without keys', () => {
  let ground: Ground
  let host: TestHost
  beforeAll(async () => {
    ground = await prepareGround()
    host = await openHost({ ...ground.options, origins: ['https://page.example'] })
  })
  afterAll(async () => {
    await host.close()
    await ground[Symbol.asyncDispose]()
  })

  test.for(['localhost', 'localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'LOCALHOST:1'])(
    'answers as %s',
    async (name) => {
      expect((await host.app.request('/v1/models', { headers: { Host: name } })).status).toBe(200)
    },
  )

  test.for([
    'evil.example',
    'evil.example:8787',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.7:8787',
    '',
  ])('does not answer as "%s"', async (name) => {
    for (const path of ['/v1/models', '/', '/metrics']) {
      expect((await host.app.request(path, { headers: { Host: name } })).status).toBe(401)
    }
  })

  const postFrom = async (origin: string) => {
    const headers = { Host: 'localhost:8787', Origin: origin }
    const body = toForm(makeUpload(ground.models))
    return (await host.app.request('/v1/transfers', { method: 'POST', body, headers })).status
  }

  test('a form on somebody else’s page cannot send', async () => {
    expect(await postFrom('https://evil.example')).toBe(401)
    expect(await postFrom('null')).toBe(401)
    expect(await postFrom('http://localhost:8787')).toBe(202)
    expect(await postFrom('https://page.example')).toBe(202)
  })
})

const readMonitor = (monitor: string) => readWorkerOptions({ monitor }, { DATABASE_URL: 'postgres://u@h/d' }).monitor

describe('options', () => {
  test('an address that others reach needs keys', () => {
    expect(() => readHostOptions({ host: '0.0.0.0' }, {})).toThrow(/--host 0\.0\.0\.0 opens the host.+--keys/)
    expect(readHostOptions({ host: '0.0.0.0', keys: 'keys.json' }, {}).host).toBe('0.0.0.0')
  })

  test('the environment fills in, arguments win', () => {
    const environment = { PORT: '9000', DATABASE_URL: 'postgres://u@h/d' }
    expect(readHostOptions({}, environment)).toMatchObject({ port: 9000, databaseUrl: 'postgres://u@h/d' })
    expect(readHostOptions({ port: '1' }, environment).port).toBe(1)
    expect(readHostOptions({}, {})).toMatchObject({
      port: 8787,
      databaseUrl: null,
      retentionDays: 7,
      transferSteps: null,
      host: '127.0.0.1',
    })
  })

  test.for([
    [{ port: 'http' }, '--port'],
    [{ port: '70000' }, '--port'],
    [{ 'database-url': 'mysql://secret@h/d' }, '--database-url'],
    [{ 'allow-origin': ['https://a.example/path'] }, '--allow-origin'],
    [{ backend: 'cuda' }, '--backend'],
    [{ 'retention-days': '0' }, '--retention-days'],
  ] as const)('%j is one clear line', ([typed, option]) => {
    expect(() => readHostOptions(typed, {})).toThrow(expect.objectContaining({ code: 'usage' }))
    expect(() => readHostOptions(typed, {})).toThrow(new RegExp(`^${option}.+an example: `))
    expect(() => readHostOptions(typed, {})).not.toThrow(/secret/)
  })

  test("a worker's monitor is an address and a port", () => {
    expect(readMonitor('127.0.0.1:9100')).toEqual({ host: '127.0.0.1', port: 9100 })
    expect(readMonitor('[::1]:9100')).toEqual({ host: '::1', port: 9100 })
    for (const wrong of ['9100', 'localhost', 'localhost:', 'localhost:70000', 'a/b:1', '::1:9100']) {
      expect(() => readMonitor(wrong)).toThrow(/^--monitor.+an example: /)
    }
  })

  test('a keys file that is not one names what is wrong', async () => {
    await using ground = await prepareGround()
    const file = join(ground.path, 'keys.json')
    expect(() => readKeys(file)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('cannot be read') }),
    )
    for (const text of ['{', '[{"tenant":"a"}]', `[${JSON.stringify({ ...KEYS[0], token: 'x' })}]`]) {
      await writeFile(file, text)
      expect(() => readKeys(file)).toThrow(
        expect.objectContaining({ code: 'usage', message: expect.stringContaining('docs/deploy.md') }),
      )
    }
  })
})
