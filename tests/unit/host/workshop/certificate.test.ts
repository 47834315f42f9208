import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { fingerprintOf, makeCertificate } from '../../../../workers/host/workshop/certificate.ts'

const NOW = new Date('2026-11-30T12:00:00Z')
const HOSTS = ['localhost', 'desk.local', '192.168.1.23', '127.0.0.1']

describe('a certificate for a workshop', () => {
  const { cert, key, fingerprint } = makeCertificate(HOSTS, NOW)
  const read = new X509Certificate(cert)

  test('is read back with the names, addresses and days that it was made for', () => {
    for (const host of ['localhost', 'desk.local']) expect(read.checkHost(host)).toBe(host)
    for (const address of ['192.168.1.23', '127.0.0.1']) expect(read.checkIP(address)).toBe(address)
    expect(read.checkHost('example.org')).toBeUndefined()
    expect(read.checkIP('192.168.1.24')).toBeUndefined()
    expect([read.validFromDate, read.validToDate].map((date) => date.getTime() - NOW.getTime())).toEqual([
      -24 * 3_600_000,
      72 * 3_600_000,
    ])
    expect(read.ca).toBe(false)
  })

  test('is signed by its own key, and named by its fingerprint', () => {
    expect(read.verify(read.publicKey)).toBe(true)
    expect(fingerprint).toBe(read.fingerprint256)
    expect(fingerprintOf(read.raw)).toBe(fingerprint)
  })

  test('of two workshops differ', () => {
    expect(makeCertificate(HOSTS, NOW).fingerprint).not.toBe(fingerprint)
  })

  test('serves TLS to a client that trusts it', async () => {
    const server = createServer({ cert, key }, (socket) => socket.end('hello'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    // A TCP server's address is never the string of a pipe. Its days are those of a fixed clock, so they are not checked.
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
    })
    const [data] = (await once(socket, 'data')) as [Buffer]
    expect(data.toString()).toBe('hello')
    expect(socket.getPeerX509Certificate()?.fingerprint256).toBe(fingerprint)
    socket.destroy()
    server.close()
  })
})
