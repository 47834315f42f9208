/** The routes of the API by their answers, and the headers of the page. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { inspectRoutes } from 'hono/dev'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STATUS_OF } from '../../workers/host/server/errors.ts'
import { API_ROUTES } from '../../workers/host/server/openapi.ts'
import { ERROR_CODES } from '../../workers/protocol/errors.ts'
import {
  ClassifyResponse,
  ErrorBody,
  GeneratedAnswer,
  ModelList,
  PublicSetList,
  SiteConfig,
  TransferJob,
} from '../../workers/protocol/wire.ts'
import { isOver, jobWhen, openHost, prepareGround, send, type Ground, type TestHost } from './support/host.ts'
import { EXTRACT, makeUpload, sha256, withTask } from './support/uploads.ts'

let ground: Ground
let host: TestHost
beforeAll(async () => {
  ground = await prepareGround()
  host = await openHost(ground.options)
})
afterAll(async () => {
  await host.close()
  await ground[Symbol.asyncDispose]()
})

const get = async (path: string, headers: Record<string, string> = {}) => await host.app.request(path, { headers })

async function finished(): Promise<TransferJob> {
  const job = await send(host.app, makeUpload(ground.models))
  return await jobWhen(host, job.id, isOver)
}

describe('models', () => {
  test('are listed; files are named for students alone', async () => {
    const { models } = ModelList.parse(await (await get('/v1/models')).json())
    expect(models.map((model) => [model.id, model.role, model.files.length])).toEqual([
      ['big', 'teacher', 0],
      ['small', 'student', 2],
    ])
    expect(models[1]).toEqual(ground.models.student)
  })

  test('files of a student can be fetched from any origin, cached by their hash', async () => {
    const [file] = ground.models.student.files
    const path = `/v1/models/small/files/${file?.name}`
    const response = await get(path)
    expect(sha256(new Uint8Array(await response.arrayBuffer()))).toBe(file?.sha256)
    expect(response.headers.get('etag')).toBe(`"${file?.sha256}"`)
    expect(response.headers.get('cache-control')).toBe('public, no-cache')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect((await get(path, { 'If-None-Match': `"${file?.sha256}"` })).status).toBe(304)
    const byHash = await get(`${path}?sha256=${file?.sha256}`)
    expect(byHash.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await get(`${path}?sha256=${'0'.repeat(64)}`)).status).toBe(404)
    const head = await host.app.request(path, { method: 'HEAD' })
    expect([head.headers.get('content-length'), (await head.arrayBuffer()).byteLength]).toEqual([
      String(file?.sizeBytes),
      0,
    ])
  })

  test('a download that broke off goes on where it was', async () => {
    const [file] = ground.models.student.files
    const path = `/v1/models/small/files/${file?.name}?sha256=${file?.sha256}`
    const whole = new Uint8Array(await (await get(path)).arrayBuffer())
    const rest = await get(path, { Range: 'bytes=5-' })
    expect(rest.status).toBe(206)
    expect(rest.headers.get('content-range')).toBe(`bytes 5-${whole.byteLength - 1}/${whole.byteLength}`)
    expect(rest.headers.get('content-length')).toBe(String(whole.byteLength - 5))
    expect(new Uint8Array(await rest.arrayBuffer())).toEqual(whole.slice(5))
    const beyond = await get(path, { Range: `bytes=${whole.byteLength}-` })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${whole.byteLength}`])
    // Forms that are not understood are as if nobody had asked.
    for (const range of ['bytes=-5', 'bytes=1-2,4-5', 'lines=3-', 'bytes=0-']) {
      expect((await get(path, { Range: range })).status, range).toBe(200)
    }
  })

  test.for([
    'big/files/model.safetensors',
    'small/files/manifest.json',
    'small/files/..%2F..%2Fbig%2Fmodel.safetensors',
    'none/files/x',
  ])('%s is not given out', async (path) => {
    expect((await get(`/v1/models/${path}`)).status).toBe(404)
  })
})

test('public sets are listed without their files', async () => {
  const { publicSets } = PublicSetList.parse(await (await get('/v1/public-sets')).json())
  expect(publicSets.map((set) => set.id)).toEqual(['reviews'])
})

describe('errors', () => {
  test('every code has a status of an error', () => {
    for (const code of ERROR_CODES) expect(STATUS_OF[code]).toBeGreaterThanOrEqual(400)
  })

  test('are one shape, also for what is not there', async () => {
    for (const path of ['/v1/none', '/none.html', '/v1/transfers/none', '/v1/transfers/..%2F..%2Fsecret']) {
      const response = await get(path)
      expect([path, response.status]).toEqual([path, 404])
      expect(ErrorBody.parse(await response.json()).error.code).toBe('not-found')
    }
  })
})

describe('events', () => {
  test('tell the job until it is over, then end', async () => {
    const job = await send(host.app, makeUpload(ground.models))
    const response = await get(`/v1/transfers/${job.id}/events`)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const blocks = (await response.text()).split('\n\n').filter((block) => block.startsWith('event: job\n'))
    const jobs = blocks.map((block) => TransferJob.parse(JSON.parse(block.slice(block.indexOf('data: ') + 6))))
    expect(jobs.at(-1)).toMatchObject({ id: job.id, state: 'finished', phase: 'done' })
    expect(jobs.filter((job) => job.state === 'finished')).toHaveLength(1)
    expect((await get('/v1/transfers/00000000-0000-4000-8000-000000000000/events')).status).toBe(404)
  })

  test('end when the transfer is deleted', async () => {
    const job = await send(host.app, makeUpload(ground.models, { does: 'finish', hold: true, folder: ground.path }))
    const response = await get(`/v1/transfers/${job.id}/events`)
    await jobWhen(host, job.id, (job) => job.state === 'running')
    await host.app.request(`/v1/transfers/${job.id}`, { method: 'DELETE' })
    expect(await response.text()).not.toContain('"finished"')
  })
})

const classify = async (id: string, body: unknown) =>
  await host.app.request(`/v1/prompts/${id}/classify`, { method: 'POST', body: JSON.stringify(body) })

describe('classify', () => {
  test('runs the large model with the prompt', async () => {
    const job = await finished()
    const response = await classify(job.id, { texts: ['', 'longer'] })
    const { predictions } = ClassifyResponse.parse(await response.json())
    expect(predictions.map((prediction) => prediction.label)).toEqual(['positive', 'negative'])
  })

  test('refuses what is not a list of texts', async () => {
    const job = await finished()
    for (const body of [
      {},
      { texts: [] },
      { texts: [1] },
      { texts: ['a'], more: 1 },
      { texts: ['x'.repeat(20_001)] },
    ]) {
      const response = await classify(job.id, body)
      expect([response.status, ErrorBody.parse(await response.json()).error.code]).toEqual([400, 'bad-request'])
    }
    expect((await host.app.request(`/v1/prompts/${job.id}/classify`, { method: 'POST', body: '{' })).status).toBe(400)
  })

  test('waits for the result and knows no other prompt', async () => {
    const job = await send(host.app, makeUpload(ground.models, { does: 'finish', hold: true, folder: ground.path }))
    expect((await classify(job.id, { texts: ['a'] })).status).toBe(409)
    await host.app.request(`/v1/transfers/${job.id}`, { method: 'DELETE' })
    expect((await classify(job.id, { texts: ['a'] })).status).toBe(404)
  })

  test('is not done by another version of the large model', async () => {
    await using other = await prepareGround()
    const before = await openHost(other.options)
    const job = await send(before.app, makeUpload(other.models))
    await jobWhen(before, job.id, isOver)
    await before.close()
    await writeFile(
      join(other.models.dir, 'big', 'manifest.json'),
      JSON.stringify({ ...other.models.teacher, sha256: '0'.repeat(64) }),
    )
    await using after = await openHost(other.options)
    const request = { method: 'POST', body: '{"texts":["a"]}' }
    const response = await after.app.request(`/v1/prompts/${job.id}/classify`, request)
    expect([response.status, ErrorBody.parse(await response.json()).error.code]).toEqual([422, 'model-unknown'])
  })

  test('a process that dies twice is an error, and the next call has a new one', async () => {
    const job = await finished()
    expect((await classify(job.id, { texts: ['die'] })).status).toBe(500)
    expect((await classify(job.id, { texts: ['a'] })).status).toBe(200)
  })

  test('a deleted prompt leaves the memory of the process too', async () => {
    const job = await finished()
    await classify(job.id, { texts: ['a'] })
    const pid = host.deps.classifier.pid
    expect(pid).toBeTypeOf('number')
    await host.app.request(`/v1/transfers/${job.id}`, { method: 'DELETE' })
    expect(host.deps.classifier.pid).toBeUndefined()
  })
})

/** A finished transfer of a prompt of an extract task. */
async function finishedExtract() {
  const job = await send(host.app, withTask(makeUpload(ground.models), EXTRACT))
  return await jobWhen(host, job.id, isOver)
}

async function generate(id: string, body: unknown) {
  const response = await host.app.request(`/v1/prompts/${id}/generate`, { method: 'POST', body: JSON.stringify(body) })
  const lines = (await response.text()).trimEnd().split('\n')
  return { status: response.status, type: response.headers.get('content-type'), lines }
}

describe('generate', () => {
  test('gives an answer a line, in the order of the texts', async () => {
    const job = await finishedExtract()
    const { status, type, lines } = await generate(job.id, { texts: ['one', '', 'seven'] })
    expect([status, type]).toEqual([200, 'application/x-ndjson'])
    expect(lines.map((line) => GeneratedAnswer.parse(JSON.parse(line)).answer)).toEqual(['3', '0', '5'])
  })

  test('says on the last line what went wrong in the middle, and with a status what did before', async () => {
    const job = await finishedExtract()
    const { status, lines } = await generate(job.id, { texts: ['one', 'fail', 'two'] })
    expect([status, lines.length]).toEqual([200, 2])
    expect(ErrorBody.parse(JSON.parse(lines[1] ?? '')).error.code).toBe('out-of-memory')
    expect((await generate(job.id, { texts: ['fail'] })).status).toBe(503)
    // A process that died in the middle is not asked again for what it has said.
    const died = await generate(job.id, { texts: ['one', 'die'] })
    expect(died.lines.map((line) => 'error' in (JSON.parse(line) as object))).toEqual([false, true])
    expect((await generate(job.id, { texts: ['die'] })).status).toBe(500)
    expect((await generate(job.id, { texts: ['a'] })).status).toBe(200)
  })

  test('is for texts of an extract task, and not too many', async () => {
    const [classes, texts] = [await finished(), await finishedExtract()]
    const wrong = await generate(classes.id, { texts: ['a'] })
    expect([wrong.status, ErrorBody.parse(JSON.parse(wrong.lines[0] ?? '')).error.code]).toEqual([422, 'task-invalid'])
    expect((await classify(texts.id, { texts: ['a'] })).status).toBe(422)
    expect((await generate(texts.id, { texts: Array.from({ length: 41 }, () => 'a') })).status).toBe(413)
    expect((await generate(texts.id, { texts: Array.from({ length: 65 }, () => 'a') })).status).toBe(400)
    expect((await generate(texts.id, { texts: [] })).status).toBe(400)
  })
})

test('health, readiness and figures', async () => {
  expect(await (await get('/healthz')).json()).toEqual({ ok: true })
  const ready = await get('/readyz')
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { ready: true, checks: { database: true, models: true, publicSets: true } },
  ])
  await finished()
  const text = await (await get('/metrics')).text()
  expect(text).toMatch(/^# TYPE softpost_transfer_attempts_total counter$/m)
  expect(text).toMatch(/^softpost_http_requests_total\{method="POST",route="\/v1\/transfers",status="202"\} [1-9]\d*$/m)
  expect(text).toMatch(/^softpost_queue_jobs\{state="waiting"\} \d+$/m)
  for (const line of text.trim().split('\n')) expect(line).toMatch(/^(?:# (?:HELP|TYPE) .+|\w+(?:\{.*\})? [\d.e+-]+)$/)
})

test('the API description names every route and every schema it refers to', async () => {
  const document = (await (await get('/openapi.json')).json()) as { paths: object; components: { schemas: object } }
  const served = inspectRoutes(host.app)
    .filter((route) => !route.isMiddleware && route.method !== 'ALL' && !['/*', '/config.json'].includes(route.path))
    .map((route) => `${route.method.toLowerCase()} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`)
  expect(API_ROUTES.map((route) => `${route.method} ${route.path}`).sort()).toEqual([...new Set(served)].sort())
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(references.length).toBeGreaterThan(5)
  for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name)
})

describe('page', () => {
  test('has a policy that lets it reach its own host alone', async () => {
    const page = await get('/')
    expect(await page.text()).toContain('<title>Softpost</title>')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = page.headers.get('content-security-policy')?.split('; ')
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("connect-src 'self'")
    expect(policy?.join()).not.toMatch(/script-src|style-src [^;]*unsafe|\*/)
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    })
  })

  test.for(['tuner', 'member'])('gives the %s worker no network', async (name) => {
    const worker = await get(`/workers/${name}-Ab12Cd34.js`)
    expect(worker.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src blob:",
    )
    expect(worker.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(worker.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(worker.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  test('has its configuration and its samples, each with an ETag', async () => {
    expect(SiteConfig.parse(await (await get('/config.json')).json())).toEqual({ endpoint: '' })
    const sample = await get('/samples/a.csv')
    expect(await sample.text()).toBe(await readFile(join(ground.path, 'dist', 'samples', 'a.csv'), 'utf8'))
    const etag = sample.headers.get('etag') ?? ''
    expect((await get('/samples/a.csv', { 'If-None-Match': etag })).status).toBe(304)
  })

  test.for(['br', 'gzip'] as const)('sends its larger texts in %s to those who take it', async (encoding) => {
    const path = '/assets/long-Ab12Cd34.js'
    const bare = await get(path)
    const text = await bare.text()
    expect([bare.headers.get('content-encoding'), bare.headers.get('vary')]).toEqual([null, 'Accept-Encoding'])
    const others = encoding === 'br' ? 'gzip, deflate, ' : 'deflate, br;q=0, '
    const response = await get(path, { 'Accept-Encoding': others + encoding })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-encoding')).toBe(encoding)
    expect(response.headers.get('vary')).toBe('Accept-Encoding')
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
    expect(bytes.length).toBeLessThan(text.length / 10)
    expect((encoding === 'br' ? brotliDecompressSync : gunzipSync)(bytes).toString()).toBe(text)
    expect(response.headers.get('content-security-policy')).toBe(bare.headers.get('content-security-policy'))
    const etag = response.headers.get('etag') ?? ''
    expect(etag).not.toBe(bare.headers.get('etag'))
    expect((await get(path, { 'Accept-Encoding': encoding, 'If-None-Match': etag })).status).toBe(304)
    expect((await get(path, { 'If-None-Match': etag })).status).toBe(200)
  })

  test('sends a changed file anew', async () => {
    const path = '/assets/changing.js'
    const file = join(ground.path, 'dist', path)
    const take = async () => brotliDecompressSync(await (await get(path, { 'Accept-Encoding': 'br' })).arrayBuffer())
    for (const text of ['first '.repeat(500), 'second '.repeat(500)]) {
      await writeFile(file, text)
      expect((await take()).toString()).toBe(text)
    }
  })

  test.for(['/assets/picture.png', '/samples/a.csv', '/config.json', '/v1/models', '/openapi.json'])(
    '%s is sent as it is',
    async (path) => {
      const response = await get(path, { 'Accept-Encoding': 'gzip, br' })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-encoding')).toBeNull()
      await response.arrayBuffer()
    },
  )

  test.for([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/.hidden',
    '/assets/',
    '/assets',
    '//etc/passwd',
    '/assets/%00',
    `/${'a'.repeat(5_000)}`,
    '/a'.repeat(3_000),
  ])('%.20s is not a file of it', async (path) => {
    expect((await host.app.request(new Request(`http://localhost${path}`))).status).toBe(404)
  })
})
