/**
 * One port for both kinds of visitors: TLS gets the host, plain http gets the host on this machine alone, where browsers
 * count it as secure, and a screen that leads to https everywhere else.
 */
import { createAdaptorServer } from '@hono/node-server'
import type { Server as HttpServer } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import type { Listener, SlowClients } from '../server/listen.ts'
import type { ServerCertificate } from './certificate.ts'
import { isLoopbackName, plainScreen } from './plainScreen.ts'

/** First byte of a TLS connection: a handshake record (RFC 8446, section 5.1). No word of HTTP begins with it. */
const HANDSHAKE = 0x16

type Answer = (request: Request, env: object) => Response | Promise<Response>

export function createListener(
  { cert, key }: Pick<ServerCertificate, 'cert' | 'key'>,
  slowClients: SlowClients,
  answer: Answer,
): Listener {
  // Without options for HTTP/2 the adaptor makes servers of HTTP/1.1.
  const secure = createAdaptorServer({
    fetch: answer,
    createServer: createHttpsServer,
    serverOptions: { cert, key, handshakeTimeout: slowClients.headersTimeout, ...slowClients },
  }) as HttpsServer
  const plain = createAdaptorServer({
    fetch: (request: Request, env: object) =>
      isLoopbackName(new URL(request.url).hostname) ? answer(request, env) : plainScreen(request),
    serverOptions: slowClients,
  }) as HttpServer
  // Neither listens by itself, and a server of node watches the clocks of its connections from that event on.
  for (const inner of [plain, secure]) inner.emit('listening')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A visitor who goes before the first byte has asked for nothing.
    socket.on('error', () => socket.destroy())
    const silent = setTimeout(() => socket.destroy(), slowClients.headersTimeout)
    socket.once('close', () => clearTimeout(silent))
    socket.once('data', (first: Buffer) => {
      clearTimeout(silent)
      socket.pause()
      socket.unshift(first)
      const isTls = first[0] === HANDSHAKE
      const chosen: HttpServer | HttpsServer = isTls ? secure : plain
      chosen.emit('connection', socket)
      // TLS reads what was put back by itself; flowing, it would be lost.
      if (!isTls) socket.resume()
    })
  })
  server.once('close', () => {
    for (const inner of [plain, secure]) inner.close()
  })
  return Object.assign(server, {
    closeIdleConnections: () => {
      plain.closeIdleConnections()
      secure.closeIdleConnections()
    },
    closeAllConnections: () => {
      for (const socket of sockets) socket.destroy()
    },
  })
}
