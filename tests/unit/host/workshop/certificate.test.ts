import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { makeCertificate } from '../../../../workers/host/workshop/certificate.ts'

const NOW = new Date('2026-11-30T12:00:00Z')
const HOSTS = ['localhost', 'desk.local', '192.168.1.23', '127.0.0.1']

describe('a certificate for a workshop', async () => {
  const { cert, key, fingerprint } = await makeCertificate(HOSTS, NOW)
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

  test('is for a server on a P-256 key and nothing else', () => {
    expect(read.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
    // Of id-kp-serverAuth (RFC 5280, section 4.2.1.12).
    expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(read.subject).toBe('CN=Softpost workshop')
  })

  test('is signed by its own key, and named by its fingerprint', () => {
    expect(read.verify(read.publicKey)).toBe(true)
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(read.issuer).toBe(read.subject)
    expect(fingerprint).toBe(read.fingerprint256)
  })

  test('of two workshops differ', async () => {
    const other = await makeCertificate(HOSTS, NOW)
    expect(other.fingerprint).not.toBe(fingerprint)
    expect(new X509Certificate(other.cert).serialNumber).not.toBe(read.serialNumber)
  })

  test.each([{ servername: 'desk.local' }, { host: '127.0.0.1' }])(
    'serves TLS to a client that trusts it and checks %j',
    async (name) => {
      const today = await makeCertificate(HOSTS, new Date())
      const server = createServer({ cert: today.cert, key: today.key }, (socket) => socket.end('hello'))
      await once(server.listen(0, '127.0.0.1'), 'listening')
      // A TCP server's address is never the string of a pipe.
      const { port } = server.address() as AddressInfo
      const socket = connect({ port, host: '127.0.0.1', ca: today.cert, ...name })
      const [data] = (await once(socket, 'data')) as [Buffer]
      expect(data.toString()).toBe('hello')
      expect(socket.authorized).toBe(true)
      expect(socket.getPeerX509Certificate()?.fingerprint256).toBe(today.fingerprint)
      socket.destroy()
      server.close()
    },
  )
})
