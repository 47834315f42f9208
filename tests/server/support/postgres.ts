/** A throw-away PostgreSQL cluster from the machine's own binaries, on a socket in a temporary folder. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { vi } from 'vitest'
import { findPostgres } from '../../../workers/host/launch/postgres.mjs'

/** initdb and postgres refuse root; then this user's rights are taken (nobody). */
const NOBODY = 65_534

const bin = findPostgres()

/** Whether this machine can run the suites that need PostgreSQL. */
export const hasPostgres = bin !== null

export type Cluster = {
  /** Makes a new, empty database and returns its URL. */
  newDatabase(): Promise<string>
  /** kill -9 of the server. */
  crash(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startPostgres(): Promise<Cluster> {
  if (bin === null) throw new Error('there is no postgres on this machine')
  const folder = mkdtempSync(join(tmpdir(), 'softpost-pg-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
  chmodSync(folder, 0o700)
  const asUser = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const data = join(folder, 'data')
  await promisify(execFile)(join(bin, 'initdb'), ['-D', data, '-U', 'softpost', '-A', 'trust', '-N'], {
    ...asUser,
    cwd: folder,
  })
  const options = ['-c', 'listen_addresses=', '-c', 'fsync=off', '-k', folder]
  const start = async () => {
    const server = spawn(join(bin, 'postgres'), ['-D', data, ...options], {
      ...asUser,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await untilReady(server)
    return server
  }
  let server = await start()
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }
  const url = (database: string) => `postgres://softpost@localhost/${database}?host=${encodeURIComponent(folder)}`
  let databases = 0
  return {
    newDatabase: async () => {
      databases += 1
      const client = new Client({ connectionString: url('postgres') })
      await client.connect()
      await client.query(`CREATE DATABASE test${databases}`)
      await client.end()
      return url(`test${databases}`)
    },
    crash: () => end('SIGKILL'),
    restart: async () => {
      // Its children go when they notice, and the data is locked until then.
      server = await vi.waitFor(start, { timeout: 60_000, interval: 200 })
    },
    stop: async () => {
      await end('SIGINT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function untilReady(server: ChildProcess): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('ready to accept connections')) resolve()
    })
    server.once('exit', () => reject(new Error(`postgres did not start: ${said}`)))
  })
}
