/** The page's own client against the real host over real sockets, and against hosts that misbehave. */
import { createServer, type RequestListener } from 'node:http'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { classify, deleteTransfer, fetchPrompt, generate, readTransfer, sendTransfer } from '../../src/engine/api.ts'
import { useEgress } from '../../src/engine/egress.ts'
import { useKey } from '../../src/engine/key.ts'
import { exchange, getModelFile, listModels, listPublicSets, readBytes, type Call } from '../../src/engine/net.ts'
import { buildUpload, type TransferUpload } from '../../src/engine/upload.ts'
import { watchTransfer } from '../../src/engine/watch.ts'
import { startHost, type Host } from '../../workers/host/server/startHost.ts'
import { PARTS } from '../../workers/protocol/wire.ts'
import { prepareGround, quiet, type Ground } from './support/host.ts'
import { SCRIPTS } from './support/scripts.ts'
import { EXTRACT, makeUpload, sha256, type Script, type Upload, withTask } from './support/uploads.ts'

const KEY = 'a-key-of-the-provider'

let ground: Ground
let host: Host
beforeAll(async () => {
  ground = await prepareGround()
  const keysFile = join(ground.path, 'keys.json')
  await writeFile(keysFile, JSON.stringify([{ tenant: 'acme', sha256: sha256(KEY), scopes: ['transfer', 'classify'] }]))
  host = await startHost({ ...ground.options, keysFile }, { scripts: SCRIPTS, log: quiet })
  vi.stubGlobal('location', new URL(`${host.url}/`))
})
afterAll(async () => {
  vi.unstubAllGlobals()
  await host.close()
  await ground[Symbol.asyncDispose]()
})

beforeEach(() => {
  useKey.setState({ key: KEY })
  useEgress.setState(useEgress.getInitialState())
})

async function prepare(
  script: Script = { does: 'finish' },
  change = (upload: Upload) => upload,
): Promise<TransferUpload> {
  const { config, weights, request } = change(makeUpload(ground.models, script))
  const release = { adapterConfig: config, adapterModel: weights, certificate: request.certificate }
  return await buildUpload({ ...release, shape: [3, 4], values: new Float32Array(12) }, request)
}

const follower = { onJob: () => undefined, onConnection: () => undefined }
const never = new AbortController().signal

test('what the page shows is what the host gets, and the result is followed, fetched, used and deleted', async () => {
  const upload = await prepare()
  const job = await sendTransfer(upload)
  const steps: string[] = []
  const watcher = { ...follower, onJob: ({ phase }: { readonly phase: string }) => steps.push(phase) }
  expect(await watchTransfer(job.id, watcher, never)).toMatchObject({ id: job.id, state: 'finished' })
  expect(steps.at(-1)).toBe('done')
  const kept = join(ground.options.dataDir, 'transfers', job.id, 'prompt')
  for (const { name, bytes } of upload.parts.filter(({ name }) => name !== PARTS.request)) {
    expect(new Uint8Array(await readFile(join(kept, name)))).toEqual(bytes)
  }
  const files = await fetchPrompt(job.id)
  expect(files.map(({ name }) => name)).toEqual([PARTS.config, PARTS.weights])
  expect(files.every(({ bytes }) => bytes.length > 0)).toBe(true)
  expect(await classify(job.id, ['one', 'a longer text'])).toHaveLength(2)
  await deleteTransfer(job.id)
  await expect(readTransfer(job.id)).rejects.toMatchObject({ code: 'not-found' })
  await expect(deleteTransfer(job.id)).resolves.toBeUndefined()
})

test('answers that are texts come line by line, and an error among them is thrown', async () => {
  const { id } = await sendTransfer(await prepare({ does: 'finish' }, (upload) => withTask(upload, EXTRACT)))
  await watchTransfer(id, follower, never)
  expect((await generate(id, ['one', 'seven'])).map(({ answer }) => answer)).toEqual(['3', '5'])
  await expect(generate(id, ['one', 'fail'])).rejects.toMatchObject({ code: 'out-of-memory' })
  await expect(generate(id, [])).rejects.toMatchObject({ code: 'too-large' })
  const { entries } = useEgress.getState()
  expect(entries.at(-1)).toMatchObject({ address: `/v1/prompts/${id}/generate`, carries: 'texts', status: 200 })
})

test('every request stands in the ledger with what it carried', async () => {
  const upload = await prepare()
  const { id } = await sendTransfer(upload)
  await watchTransfer(id, follower, never)
  await classify(id, ['my text'])
  const { entries, totals } = useEgress.getState()
  const rows = entries.map(({ method, address, carries, status }) => `${method} ${address} ${carries} ${status}`)
  expect(rows).toEqual([
    'POST /v1/transfers prompt 202',
    `GET /v1/transfers/${id}/events nothing 200`,
    `POST /v1/prompts/${id}/classify texts 200`,
  ])
  const texts = new TextEncoder().encode(JSON.stringify({ texts: ['my text'] }))
  expect(entries.map(({ bytesUp }) => bytesUp)).toEqual([upload.body.bytes.length, 0, texts.length])
  expect(entries.every(({ bytesDown }) => bytesDown > 0)).toBe(true)
  expect(totals).toMatchObject({ requests: 3, withPrompt: 1, withTexts: 1 })
})

test('models, their files by hash, and public sets are read without a key', async () => {
  useKey.setState({ key: null })
  const models = await listModels()
  const student = models.find(({ role }) => role === 'student')
  const [file] = student?.files ?? []
  if (student === undefined || file === undefined) throw new Error('the host offers no student')
  expect(sha256(await getModelFile(student, file))).toBe(file.sha256)
  await expect(getModelFile(student, { ...file, sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'not-found' })
  expect((await listPublicSets()).map(({ id }) => id)).toEqual(['reviews'])
})

test('a missing or wrong key is an error that the page can act on', async () => {
  const upload = await prepare()
  for (const key of [null, 'not-this-key']) {
    useKey.setState({ key })
    await expect(sendTransfer(upload)).rejects.toMatchObject({ code: 'unauthorized' })
  }
})

test('a job that fails says why', async () => {
  const { id } = await sendTransfer(await prepare({ does: 'fail' }))
  expect(await watchTransfer(id, follower, never)).toMatchObject({ state: 'failed', error: { code: 'label-word' } })
})

test('a watch that is stopped says so, and leaves the job alone', async () => {
  const folder = ground.path
  const { id } = await sendTransfer(await prepare({ does: 'finish', hold: true, folder }))
  const stop = new AbortController()
  const watcher = { ...follower, onJob: () => stop.abort() }
  await expect(watchTransfer(id, watcher, stop.signal)).rejects.toMatchObject({ code: 'cancelled' })
  expect(useEgress.getState().entries.at(-1)).toMatchObject({ status: 'stopped' })
  await writeFile(join(folder, 'release'), '')
  expect(await watchTransfer(id, follower, never)).toMatchObject({ state: 'finished' })
})

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A call to a server that does as `listener` says. */
async function callTo(listener: RequestListener, silenceMs = 10_000): Promise<Call> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const url = new URL(`http://127.0.0.1:${address.port}/v1/transfers`)
  return { url, method: 'GET', purpose: 'follow-job', carries: 'nothing', silenceMs }
}

test.each([
  [401, {}, 'unauthorized', {}],
  [403, {}, 'unauthorized', {}],
  [413, {}, 'too-large', {}],
  [429, { 'Retry-After': '9' }, 'busy', { retrySeconds: 9 }],
  [502, {}, 'network', {}],
  [503, { 'Retry-After': 'Wed, 25 Nov 2026 00:00:00 GMT' }, 'busy', {}],
  [500, {}, 'internal', {}],
] as const)("a proxy's own %i is understood", async (status, headers, code, data) => {
  const call = await callTo((_request, response) => {
    response.writeHead(status, { 'Content-Type': 'text/html', ...headers })
    response.end('<h1>Sorry</h1>')
  })
  await expect(exchange(call, readBytes)).rejects.toMatchObject({ code, data: { status, ...data } })
})

test('a host that goes away in the middle of its answer, or is not there, is a network error', async () => {
  const call = await callTo((_request, response) => {
    response.writeHead(200, { 'Content-Length': '1000' })
    response.write('half', () => response.destroy())
  })
  await expect(exchange(call, readBytes)).rejects.toMatchObject({ code: 'network', data: { answered: true } })
  for (const close of closers.splice(0)) await close()
  await expect(exchange(call, readBytes)).rejects.toMatchObject({ code: 'network', data: { answered: false } })
  expect(useEgress.getState().entries.map(({ status }) => status)).toEqual([200, 'failed'])
})

test('a host that falls silent does not hold the page for ever', async () => {
  const silent = await callTo(() => undefined, 50)
  await expect(exchange(silent, readBytes)).rejects.toMatchObject({ code: 'network' })
  const halting = await callTo((_request, response) => void response.writeHead(200).write('and then'), 50)
  await expect(exchange(halting, readBytes)).rejects.toMatchObject({ code: 'network' })
})

test('an answer that redirects elsewhere is not followed with anything of the person', async () => {
  const call = await callTo((_request, response) => {
    response.writeHead(307, { Location: `${host.url}/healthz` })
    response.end()
  })
  await expect(exchange({ ...call, carries: 'texts' }, readBytes)).rejects.toMatchObject({ code: 'network' })
  await expect(exchange(call, readBytes)).resolves.toBeInstanceOf(Uint8Array)
})
