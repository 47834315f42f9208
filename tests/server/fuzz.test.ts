/**
 * The API under requests made from its own description: bodies that are nearly right, hostile ids, foreign keys. None
 * is an error of the host, and nobody sees anything of another tenant. With LONG=1 many more, or FUZZ_REQUESTS.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ErrorBody } from '../../workers/protocol/wire.ts'
import { isOver, jobWhen, openHost, prepareGround, send, type Ground, type TestHost } from './support/host.ts'
import { fromSchema, type Schema } from './support/schemaArbitrary.ts'
import { EXTRACT, makeUpload, sha256, toForm, withTask } from './support/uploads.ts'

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? (process.env['LONG'] === '1' ? 20_000 : 600))

/** Stands in the request of the other tenant alone. */
const SECRET = 'a task that only bert may see'

const TOKENS = {
  anna: 'token-of-anna-0000000000',
  bert: 'token-of-bert-0000000000',
  reader: 'token-of-reader-00000000',
}
const KEYS = [
  { tenant: 'anna', sha256: sha256(TOKENS.anna), scopes: ['transfer', 'classify', 'metrics'] },
  { tenant: 'bert', sha256: sha256(TOKENS.bert), scopes: ['transfer', 'classify'] },
  { tenant: 'reader', sha256: sha256(TOKENS.reader), scopes: ['metrics'] },
]

type Operation = {
  readonly parameters?: readonly { readonly name: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> }
}
type Description = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

let ground: Ground
let host: TestHost
let description: Description
let ids: { readonly own: string; readonly foreign: string }
beforeAll(async () => {
  ground = await prepareGround()
  const keysFile = join(ground.path, 'keys.json')
  await writeFile(keysFile, JSON.stringify(KEYS))
  host = await openHost({ ...ground.options, keysFile })
  const finished = async (tenant: 'anna' | 'bert', initText: string) => {
    const made = makeUpload(ground.models, { does: 'finish', folder: ground.path, note: initText })
    // One of each kind of task.
    const upload = tenant === 'bert' ? made : withTask(made, EXTRACT)
    const job = await send(host.app, upload, { Authorization: `Bearer ${TOKENS[tenant]}` })
    await jobWhen(host, job.id, isOver, tenant)
    return job.id
  }
  ids = { own: await finished('anna', 'anna'), foreign: await finished('bert', SECRET) }
  description = (await (await host.app.request('/openapi.json')).json()) as Description
})
afterAll(async () => {
  await host.close()
  await ground[Symbol.asyncDispose]()
})

const HOSTILE_IDS = [
  '..',
  '.',
  '%2e%2e',
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '%',
  '%c0%af',
  'a'.repeat(5_000),
  '__proto__',
  "' OR 1=1 --",
  '{{id}}',
]

function parameterValues(name: string, method: string): fc.Arbitrary<string> {
  const known = name === 'id' ? [ids.foreign, 'small', 'big', ...(method === 'delete' ? [] : [ids.own])] : []
  const names = ['adapter_config.json', 'adapter_model.safetensors', 'config.json', 'manifest.json', 'record.json']
  return fc.oneof(
    fc.constantFrom(...known, ...names),
    fc.constantFrom(...HOSTILE_IDS),
    fc.uuid(),
    fc.string({ unit: 'binary' }).map(encode),
  )
}

/** A lone surrogate has no encoding. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed())

const authorization = fc.oneof(
  { weight: 6, arbitrary: fc.constant(`Bearer ${TOKENS.anna}`) },
  { weight: 1, arbitrary: fc.constantFrom('', 'Bearer', `Basic ${TOKENS.anna}`, `Bearer ${TOKENS.reader}`) },
  { weight: 1, arbitrary: fc.stringMatching(/^[\x20-\x7e]{0,600}$/) },
)

const types = fc.constantFrom(
  'application/json',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'text/plain',
  '',
)

function part(value: unknown): Blob {
  return new Blob([value instanceof Uint8Array ? Uint8Array.from(value) : (JSON.stringify(value) ?? '')])
}

type Made = {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: BodyInit | undefined
}

function bodies(content: NonNullable<Operation['requestBody']>['content']): fc.Arbitrary<BodyInit> {
  const [[type, { schema = {} }] = ['', {}]] = Object.entries(content)
  const { schemas } = description.components
  const raw = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)),
  )
  if (type === 'application/json') {
    return fc.oneof(
      { weight: 5, arbitrary: fromSchema(schema, schemas).map((value) => JSON.stringify(value) ?? '') },
      { weight: 1, arbitrary: raw },
    )
  }
  const generated = fromSchema(schema, schemas).map((value) => {
    const form = new FormData()
    for (const [name, content] of Object.entries(Object(value) as object)) form.append(name, part(content), name)
    return form
  })
  // A good upload with one part exchanged gets past the first checks.
  const exchanged = fc
    .tuple(fc.constantFrom(...Object.keys(schema.properties ?? {})), fromSchema(schema, schemas))
    .map(([name, value]) => {
      const form = toForm(makeUpload(ground.models))
      form.set(name, part((Object(value) as Record<string, unknown>)[name]), name)
      return form
    })
  return fc.oneof(generated, exchanged, raw)
}

function headersOf(authorization: string, type: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  if (authorization !== '') headers['Authorization'] = authorization
  if (type !== undefined) headers['Content-Type'] = type
  return headers
}

function requests(): fc.Arbitrary<Made> {
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  return fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const names = (operation.parameters ?? []).map(({ name }) => name)
    const content = operation.requestBody?.content
    return fc
      .record({
        values: fc.tuple(...names.map((name) => parameterValues(name, method))),
        authorization,
        type: fc.option(types, { nil: undefined }),
        body: content === undefined ? fc.constant(undefined) : bodies(content),
        query: fc.oneof(
          fc.constant(''),
          fc.string().map((text) => `?sha256=${encode(text)}`),
        ),
      })
      .map(({ values, authorization, type, body, query }) => ({
        method: method.toUpperCase(),
        path: names.reduce((done, name, at) => done.replace(`{${name}}`, () => values[at] ?? ''), path) + query,
        headers: headersOf(authorization, body instanceof FormData ? undefined : type),
        body,
      }))
  })
}

test('no request is an error of the host, and none shows what is another tenant’s', async () => {
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(requests(), async ({ method, path, headers, body }) => {
      const request = new Request(`http://localhost${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      })
      const response = await host.app.request(request)
      const text = await response.text()
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
      expect(response.status).toBeLessThan(500)
      expect(text).not.toContain(SECRET)
      if (response.status >= 400) expect(() => ErrorBody.parse(JSON.parse(text))).not.toThrow()
    }),
    { numRuns: REQUESTS },
  )
  // It got through to the work as well as to every kind of refusal.
  for (const status of [200, 400, 401, 404, 422]) expect([...seen.keys()]).toContain(status)
  console.info(`${REQUESTS} requests, by status: ${JSON.stringify(Object.fromEntries(seen))}`)
  expect((await host.app.request('/readyz')).status).toBe(200)
  const own = { headers: { Authorization: `Bearer ${TOKENS.bert}` } }
  expect((await host.app.request(`/v1/transfers/${ids.foreign}`, own)).status).toBe(200)
}, 3_600_000)
