/** A workshop on real sockets: TLS for the room, plain http for this machine alone, and the way to https for the rest. */
import { once } from 'node:events'
import { get as getPlain } from 'node:http'
import { get, type RequestOptions } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readHostOptions } from '../../workers/host/config.ts'
import type { Listener } from '../../workers/host/server/listen.ts'
import { createListener } from '../../workers/host/workshop/listener.ts'
import { openWorkshop, type Workshop } from '../../workers/host/workshop/workshop.ts'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { Invitation } from '../../workers/protocol/wire.ts'
import { openHost, prepareGround, type Ground, type TestHost } from './support/host.ts'
import { scanQr } from './support/scanQr.ts'

const SLOW_CLIENTS = { headersTimeout: 500, requestTimeout: 1_000, connectionsCheckingInterval: 100 }

let ground: Ground
let workshop: Workshop
let host: TestHost
let listener: Listener
let port = 0
beforeAll(async () => {
  ground = await prepareGround()
  workshop = await openWorkshop({ tls: null }, new Date())
  host = await openHost(ground.options, { workshop })
  listener = createListener(workshop.tls, SLOW_CLIENTS, (request, env) => host.app.fetch(request, env))
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve)
  })
  // A TCP server's address is never the string of a pipe.
  port = (listener.address() as AddressInfo).port
})
afterAll(async () => {
  listener.closeAllConnections()
  listener.close()
  await host.close()
  await ground[Symbol.asyncDispose]()
})

/** An answer that never comes is a fault of its own. */
const ANSWER_MS = 30_000

type Answer = { readonly status: number; readonly body: string }

async function ask(scheme: 'http' | 'https', path: string, options: RequestOptions = {}): Promise<Answer> {
  const request = {
    host: '127.0.0.1',
    port,
    path,
    ca: workshop.tls.cert,
    servername: 'localhost',
    signal: AbortSignal.timeout(ANSWER_MS),
    ...options,
  }
  return await new Promise((resolve, reject) => {
    const sent = (scheme === 'https' ? get : getPlain)(request, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    })
    sent.once('error', reject)
  })
}
const asHost = (name: string) => ({ headers: { host: `${name}:${port}` } })

describe('a workshop', () => {
  test('serves the room over TLS, with a certificate for the address of the invitation', async () => {
    const room = { ...asHost(workshop.host), servername: '' }
    expect((await ask('https', '/healthz', { ...room, checkServerIdentity: () => undefined })).body).toBe('{"ok":true}')
    expect(JSON.parse((await ask('https', '/config.json', asHost('localhost'))).body)).toEqual({
      endpoint: '',
      workshop: true,
    })
  })

  test('lets nobody work without the key of the invitation', async () => {
    const path = '/v1/transfers/00000000-0000-4000-8000-000000000000'
    expect((await ask('https', path, asHost('localhost'))).status).toBe(401)
    const headers = { host: `localhost:${port}`, authorization: `Bearer ${workshop.token}` }
    expect((await ask('https', path, { headers })).status).toBe(404)
  })

  test('over http shows this machine the page, and everybody else the way to https', async () => {
    expect(JSON.parse((await ask('http', '/healthz', asHost('localhost'))).body)).toEqual({ ok: true })
    const screen = await ask('http', '/', asHost('desk.example'))
    expect(screen.status).toBe(200)
    expect(screen.body).toContain(`<a href="https://desk.example:${port}/">`)
    expect(screen.body).not.toContain(workshop.token)
    for (const path of ['/config.json', '/v1/models', '/workshop/invitation']) {
      expect((await ask('http', path, asHost('desk.example'))).status).toBe(404)
    }
  })

  test('shows its invitation on its own machine, by that name alone', async () => {
    const shown = await ask('http', '/workshop/invitation', asHost('localhost'))
    const { address, fingerprint, qr } = Invitation.parse(JSON.parse(shown.body))
    expect(address).toBe(`https://${workshop.host}:${port}/#key=${workshop.token}`)
    expect(fingerprint).toBe(workshop.tls.fingerprint)
    expect(scanQr(qr)).toBe(address)
    const room = { ...asHost(workshop.host), checkServerIdentity: () => undefined }
    expect((await ask('https', '/workshop/invitation', room)).status).toBe(404)
  })
})

async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => socket.destroy())
  // Read, so that its end is seen.
  socket.resume()
  await once(socket, 'close')
}

describe('a slow visitor is shown out', () => {
  test('before its first byte', async () => {
    await closed(connect(port, '127.0.0.1'))
  })

  test('in its handshake', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(Buffer.from([0x16, 0x03, 0x01]))
    await closed(socket)
  })

  test.each([
    ['http', () => connect(port, '127.0.0.1')],
    ['https', () => connectTls({ port, host: '127.0.0.1', ca: workshop.tls.cert, servername: 'localhost' })],
  ])('in its headers over %s', async (_scheme, open) => {
    const socket = open()
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    await closed(socket)
  })
})

describe('options of a workshop', () => {
  test('open the host to the network without a file of keys', () => {
    expect(readHostOptions({ workshop: true }, {})).toMatchObject({ host: '0.0.0.0', workshop: { tls: null } })
  })

  test.each([
    [{ workshop: true, keys: 'k.json' }, /leave out --keys/],
    [{ workshop: true, 'tls-cert': 'c.pem' }, /go together/],
    [{ 'tls-cert': 'c.pem', 'tls-key': 'k.pem' }, /for --workshop/],
  ])('%j are refused', (typed, message) => {
    expect(() => readHostOptions(typed, {})).toThrow(message)
  })

  test('name files that hold a certificate', async () => {
    const tls = { cert: '/nowhere/c.pem', key: '/nowhere/k.pem' }
    await expect(openWorkshop({ tls }, new Date())).rejects.toThrow(SoftpostError)
  })
})
