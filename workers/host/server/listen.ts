/** How servers of this project listen and stop: a clear word about a port that is taken, an end for slow clients. */
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { SoftpostError } from '../../protocol/errors.ts'
import type { HostOptions } from '../config.ts'

/** What is needed of a server to start and stop it. */
export type Listener = Server & Pick<HttpServer, 'closeIdleConnections' | 'closeAllConnections'>

export type Address = Pick<HostOptions, 'host' | 'port'>

/** Milliseconds that a slow sender has: for its headers, and for the whole of a request. */
export type SlowClients = {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly connectionsCheckingInterval: number
}

/** A request's time is that of an upload of 32 MiB at 2.3 Mbit/s. */
export const SLOW_CLIENTS: SlowClients = {
  headersTimeout: 20_000,
  requestTimeout: 120_000,
  connectionsCheckingInterval: 5_000,
}

/** Time that open requests have when a server stops; streams of events never end by themselves. */
const CLOSE_MS = 1_000

/** Takes no further connection and ends those that are open, the busy ones after a second. */
export async function closeListener(server: Listener): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_MS)
  await closed
  clearTimeout(impatient)
}

export function portOf(server: Listener): number {
  // A TCP server's address is never the string of a pipe.
  return (server.address() as AddressInfo).port
}

/** Errors: `usage`, saying what is wrong with the port. */
export async function listen(server: Listener, { host, port }: Address): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new SoftpostError('usage', describeListenError(error, host, port), { cause: error }))
    })
    server.listen(port, host, resolve)
  })
}

function describeListenError(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `port ${port} is in use; stop what uses it or take another with --port`
  if (error.code === 'EACCES') return `port ${port} needs rights that this user lacks; take one above 1023 with --port`
  return `cannot listen on ${host}:${port}: ${error.message}`
}
