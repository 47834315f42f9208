/** What a hostile caller may try besides broken uploads: each is refused before it costs much. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../workers/host/server/app.ts'
import type { KeyEntry } from '../../workers/host/server/keys.ts'
import { ErrorBody, PARTS } from '../../workers/protocol/wire.ts'
import { isOver, jobWhen, openHost, prepareGround, send, type Ground, type TestHost } from './support/host.ts'
import { makeUpload, sha256, toForm } from './support/uploads.ts'

const TOKEN = 'token-of-anna-0000000000'
const ANNA: KeyEntry = { tenant: 'anna', sha256: sha256(TOKEN), scopes: ['transfer', 'classify'] }
const AS_ANNA = { Authorization: `Bearer ${TOKEN}` }

let ground: Ground
let host: TestHost
/** Keys as they are now; a test may take one away. */
let known: readonly KeyEntry[] = [ANNA]
beforeAll(async () => {
  ground = await prepareGround()
  const opened = await openHost(ground.options)
  const keys = { find: (token: string) => known.find((key) => key.sha256 === sha256(token)) ?? null }
  const limits = { ...opened.deps.limits, textsAtOnce: 2, textsOfTenant: 1 }
  host = { ...opened, app: createApp({ ...opened.deps, limits, access: { kind: 'keys', keys } }) }
})
afterAll(async () => {
  await host.close()
  await ground[Symbol.asyncDispose]()
})

/** A body without a length, and how much of it was asked for. */
function endless(path: string, headers: Record<string, string>) {
  const taken = { bytes: 0 }
  const body = new ReadableStream({
    pull: (controller) => {
      taken.bytes += 65_536
      controller.enqueue(new Uint8Array(65_536))
    },
  })
  const init = { method: 'POST', body, duplex: 'half', headers: { ...headers, 'Transfer-Encoding': 'chunked' } }
  return { request: new Request(`http://localhost${path}`, init), taken }
}

const NOBODYS = '00000000-0000-4000-8000-000000000000'
const classifyPath = (id: string) => `/v1/prompts/${id}/classify`

test.for([classifyPath(NOBODYS), `/v1/prompts/${NOBODYS}/generate`, '/v1/transfers'])(
  '%s reads no body of a caller without a key',
  async (path) => {
    const { request, taken } = endless(path, {})
    expect((await host.app.request(request)).status).toBe(401)
    // A stream is asked once for its first piece.
    expect(taken.bytes).toBeLessThanOrEqual(65_536)
  },
)

test('requests with texts have places: one caller does not take them all', async () => {
  const { readable: body, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const init = { method: 'POST', body, duplex: 'half', headers: { ...AS_ANNA, 'Transfer-Encoding': 'chunked' } }
  const slow = host.app.request(new Request(`http://localhost${classifyPath(NOBODYS)}`, init))
  const ask = async () =>
    await host.app.request(classifyPath(NOBODYS), { method: 'POST', body: '{"texts":["a"]}', headers: AS_ANNA })
  await expect.poll(async () => (await ask()).status).toBe(429)
  await writable.close()
  expect((await slow).status).toBe(404)
  expect((await ask()).status).toBe(404)
})

test('how busy the host is with others is nothing to tell', async () => {
  const job = await send(host.app, makeUpload(ground.models), AS_ANNA)
  await jobWhen(host, job.id, isOver, 'anna')
  const { request } = endless(classifyPath(job.id), AS_ANNA)
  const [one, other] = await Promise.all([
    host.app.request(request),
    host.app.request(classifyPath(job.id), { method: 'POST', body: '{"texts":["a"]}', headers: AS_ANNA }),
  ])
  expect([one.status, other.status]).toEqual([413, 429])
  const { error } = ErrorBody.parse(await other.json())
  expect(error.message).toBe('there are too many requests with texts, 1 of them yours; ask again later')
})

test('a stream of events ends with its key', async () => {
  const script = { does: 'finish', hold: true, folder: ground.path } as const
  const job = await send(host.app, makeUpload(ground.models, script), AS_ANNA)
  await jobWhen(host, job.id, ({ state }) => state === 'running', 'anna')
  const events = await host.app.request(`/v1/transfers/${job.id}/events`, { headers: AS_ANNA })
  const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader?.read())?.value).toContain('"state":"running"')
  known = []
  try {
    await writeFile(join(ground.path, 'release'), '')
    await jobWhen(host, job.id, isOver, 'anna')
    let rest = ''
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) rest += next.value
    expect(rest).not.toContain('"finished"')
  } finally {
    known = [ANNA]
  }
})

describe('what is cheap to write and dear to read', () => {
  const BOUNDARY = 'b0undary'
  const post = async (body: string, type = `multipart/form-data; boundary=${BOUNDARY}`) => {
    const headers = { ...AS_ANNA, 'Content-Type': type }
    const response = await host.app.request('/v1/transfers', { method: 'POST', body, headers })
    return { status: response.status, message: ErrorBody.parse(await response.json()).error.message }
  }
  const part = (name: string, more = '') =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n${more}\r\n\r\n`

  test.for([
    ['a million parts', `${part(PARTS.config).repeat(4)}--${BOUNDARY}--\r\n`],
    ['headers without end', `${part(PARTS.config, 'X-A: b\r\n'.repeat(1_000))}--${BOUNDARY}--\r\n`],
  ] as const)('a form of %s is not taken apart', async ([, body]) => {
    const refused = await post(body)
    expect(refused).toEqual({ status: 400, message: 'the upload is not a form of 3 parts; see /openapi.json' })
  })

  test.for([
    'multipart/form-data; boundary=a; boundary=b',
    'multipart/form-data; x="boundary=a"; boundary=b',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
    'multipart/form-data; boundary=',
  ])('a type that two readers would read differently is refused: %s', async (type) => {
    expect((await post('--a--\r\n', type)).message).toBe('the upload must be multipart/form-data; see /openapi.json')
  })

  test('a quoted boundary is one', async () => {
    const { config, weights, request } = makeUpload(ground.models)
    const packed = new Response(toForm({ config, weights, request }))
    const type = (packed.headers.get('content-type') ?? '').replace(/boundary=(.*)$/, 'boundary="$1"')
    const init = { method: 'POST', body: await packed.arrayBuffer(), headers: { ...AS_ANNA, 'Content-Type': type } }
    expect((await host.app.request('/v1/transfers', init)).status).toBe(202)
  })

  test.for([
    ['brackets', '['.repeat(20_000)],
    ['values', `{"texts":[${'[],'.repeat(20_000)}[]]}`],
    ['names', JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`name${at}`, 1])))],
  ] as const)('JSON of a great many %s is not read', async ([, body]) => {
    const job = await send(host.app, makeUpload(ground.models), AS_ANNA)
    await jobWhen(host, job.id, isOver, 'anna')
    const response = await host.app.request(classifyPath(job.id), { method: 'POST', body, headers: AS_ANNA })
    const { error } = ErrorBody.parse(await response.json())
    expect([response.status, error.message]).toEqual([400, 'the body has more than 10000 values; see /openapi.json'])
  })

  test('signs of JSON within texts do not count', async () => {
    const job = await send(host.app, makeUpload(ground.models), AS_ANNA)
    await jobWhen(host, job.id, isOver, 'anna')
    const texts = [`\\"${',[{:'.repeat(4_000)}`, '"'.repeat(9_000), '\\'.repeat(9_001), 'ä€😀']
    const init = { method: 'POST', body: JSON.stringify({ texts }), headers: AS_ANNA }
    expect((await host.app.request(classifyPath(job.id), init)).status).toBe(200)
  })

  test('a name that is wrong does not come back at its length', async () => {
    const upload = makeUpload(ground.models)
    const labels = { ['n'.repeat(100_000)]: ['great'], negative: ['bad'] }
    const form = toForm(upload)
    const request = { ...upload.request, task: { ...upload.request.task, labels } }
    form.set(PARTS.request, new File([JSON.stringify(request)], PARTS.request))
    const refused = await host.app.request('/v1/transfers', { method: 'POST', body: form, headers: AS_ANNA })
    expect([refused.status, (await refused.text()).length < 500]).toEqual([400, true])
  })
})
