/** The host as a server: real sockets, real processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startHost, type Host } from '../../workers/host/server/startHost.ts'
import { TransferJob } from '../../workers/protocol/wire.ts'
import { prepareGround, quiet, type Ground } from './support/host.ts'
import { SCRIPTS } from './support/scripts.ts'
import { makeUpload, toForm } from './support/uploads.ts'

let ground: Ground
let host: Host
beforeAll(async () => {
  ground = await prepareGround()
  host = await startHost(ground.options, {
    scripts: SCRIPTS,
    log: quiet,
    slowClients: { headersTimeout: 500, requestTimeout: 1_000, connectionsCheckingInterval: 100 },
  })
})
afterAll(async () => {
  await host.close()
  await ground[Symbol.asyncDispose]()
})

test('a prompt is sent, followed by its events, used and deleted', async () => {
  const sent = await fetch(`${host.url}/v1/transfers`, { method: 'POST', body: toForm(makeUpload(ground.models)) })
  expect(sent.status).toBe(202)
  const job = TransferJob.parse(await sent.json())
  expect(sent.headers.get('location')).toBe(`/v1/transfers/${job.id}`)
  const events = await (await fetch(`${host.url}/v1/transfers/${job.id}/events`)).text()
  expect(events).toContain('"state":"finished"')
  const body = JSON.stringify({ texts: ['a text'] })
  const classified = await fetch(`${host.url}/v1/prompts/${job.id}/classify`, { method: 'POST', body })
  expect(classified.status).toBe(200)
  expect((await fetch(`${host.url}/v1/transfers/${job.id}`, { method: 'DELETE' })).status).toBe(204)
})

test('a sender that goes in mid-upload leaves nothing, and the next is served', async () => {
  const packed = new Request('http://localhost/', { method: 'POST', body: toForm(makeUpload(ground.models)) })
  const type = packed.headers.get('content-type') ?? ''
  const bytes = new Uint8Array(await packed.arrayBuffer())
  const { port } = new URL(host.url)
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  const head = `POST /v1/transfers HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.byteLength}\r\n\r\n`
  socket.write(head)
  await new Promise((resolve) => socket.write(bytes.subarray(0, bytes.byteLength - 20), resolve))
  socket.destroy()
  await vi.waitFor(async () => {
    const figures = await (await fetch(`${host.url}/metrics`)).text()
    expect(figures).toContain('softpost_http_requests_total{method="POST",route="/v1/transfers",status="400"} 1')
  })
  for (const name of ['transfers', 'incoming', 'keys']) {
    expect(await readdir(join(ground.options.dataDir, name))).toEqual([])
  }
  const next = await fetch(`${host.url}/v1/transfers`, { method: 'POST', body: toForm(makeUpload(ground.models)) })
  expect(next.status).toBe(202)
  await next.arrayBuffer()
})

/** What the host says to these bytes; it then closes. */
async function answerTo(...chunks: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1')
  let said = ''
  socket.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1')
  })
  // Told off in mid-sentence, a sender may find the door shut.
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  for (const chunk of chunks) socket.write(chunk, 'latin1')
  await closed
  return said.split('\r\n', 1)[0] ?? ''
}

const POST = 'POST /v1/transfers HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n'
const CLOSE = 'Connection: close\r\n'

test.for([
  ['headers that never end', ['GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: '], 408],
  ['a body that never ends', [`${POST}Content-Length: 1000\r\n\r\n--x\r\n`], 408],
  ['headers without end in size', [`GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`], 431],
  ['no HTTP', ['\u0016\u0003\u0001\u0002\u0000\r\n\r\n'], 400],
  ['two lengths', [`${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\n--x--`], 400],
  ['length and chunks', [`${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`], 400],
  ['a header with a line break in it', ['GET / HTTP/1.1\r\nHost: localhost\r\nX\u0000: a\r\n\r\n'], 400],
  ['no host name', ['GET /v1/models HTTP/1.1\r\n\r\n'], 400],
  ['the path of a file', [`GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n${CLOSE}\r\n`], 404],
  ['an unknown method', [`BREW / HTTP/1.1\r\nHost: localhost\r\n${CLOSE}\r\n`], 400],
] as const)('%s is refused', async ([, chunks, status]) => {
  expect(await answerTo(...chunks)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect((await fetch(`${host.url}/healthz`)).status).toBe(200)
})

test('the page goes over the wire compressed, and an answer of the API does not', async () => {
  const path = '/assets/long-Ab12Cd34.js'
  const page = await fetch(`${host.url}${path}`, { headers: { 'Accept-Encoding': 'gzip, br' } })
  expect(page.headers.get('content-encoding')).toBe('br')
  const sent = Number(page.headers.get('content-length'))
  const text = await page.text()
  expect(text).toBe(await readFile(join(ground.options.siteDir ?? '', path), 'utf8'))
  expect(sent).toBeLessThan(text.length / 10)
  const list = await fetch(`${host.url}/v1/models`, { headers: { 'Accept-Encoding': 'gzip, br' } })
  expect(list.headers.get('content-encoding')).toBeNull()
  await list.arrayBuffer()
})

test('a reader of events that goes does not stop the job', async () => {
  const upload = makeUpload(ground.models)
  const sent = await fetch(`${host.url}/v1/transfers`, { method: 'POST', body: toForm(upload) })
  const { id } = TransferJob.parse(await sent.json())
  const gone = new AbortController()
  const response = await fetch(`${host.url}/v1/transfers/${id}/events`, { signal: gone.signal })
  await response.body?.getReader().read()
  gone.abort()
  expect(await (await fetch(`${host.url}/v1/transfers/${id}/events`)).text()).toContain('"state":"finished"')
})

test('a port in use is one clear line', async () => {
  const port = Number(new URL(host.url).port)
  await using other = await prepareGround()
  await expect(startHost({ ...other.options, port }, { log: quiet })).rejects.toMatchObject({
    code: 'usage',
    message: `port ${port} is in use; stop what uses it or take another with --port`,
  })
})

test.for(['SIGINT', 'SIGTERM'] as const)('serve says where it is and ends in good order at %s', async (signal) => {
  await using other = await prepareGround()
  const { options } = other
  const command = new URL('../../workers/host/cli/serve.ts', import.meta.url)
  const code = `const { serveCommand } = await import(${JSON.stringify(command.href)}); process.exitCode = await serveCommand.run(process.argv.slice(1))`
  const serve = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      code,
      '--',
      '--port',
      '0',
      '--data-dir',
      options.dataDir,
      '--models',
      options.modelsDir,
      '--public-sets',
      options.publicSetsFile,
      '--site',
      options.siteDir ?? '',
      '--json',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [line] = (await once(serve.stdout, 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  const ended = once(serve, 'exit')
  serve.kill(signal)
  expect(await ended).toEqual([0, null])
})
