/**
 * A certificate for the machine's own names and addresses, made when the workshop starts and gone when it ends. Browsers
 * warn of it, since nobody vouches for it; what people compare is its fingerprint.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bits, integer, octets, oid, sequence, set, tagged, TRUE, utcTime, utf8 } from './der.ts'

export type ServerCertificate = {
  /** PEM, as a TLS server takes them. */
  readonly cert: string
  readonly key: string
  /** SHA-256 of the certificate as browsers show it: pairs of digits with colons. */
  readonly fingerprint: string
}

/** A workshop lasts a day; a clock that is a little late must not refuse it. */
const VALID_MS = { before: 24 * 3_600_000, after: 3 * 24 * 3_600_000 } as const

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const COMMON_NAME = oid('2.5.4.3')
const EXTENSIONS = { usage: '2.5.29.15', altName: '2.5.29.17', constraints: '2.5.29.19', extendedUsage: '2.5.29.37' }
const SERVER_AUTH = oid('1.3.6.1.5.5.7.3.1')

/** X.509 version 3 (RFC 5280), P-256, signed by itself. `hosts` are names and IP addresses. */
export function makeCertificate(hosts: readonly string[], now: Date): ServerCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const name = sequence(set(sequence(COMMON_NAME, utf8('Softpost workshop'))))
  const content = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    name,
    sequence(utcTime(new Date(now.getTime() - VALID_MS.before)), utcTime(new Date(now.getTime() + VALID_MS.after))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      0xa3,
      sequence(
        extension(EXTENSIONS.constraints, sequence(), 'critical'),
        // Digital signature, the first of nine bits.
        extension(EXTENSIONS.usage, bits(Buffer.from([0x80]), 7), 'critical'),
        extension(EXTENSIONS.extendedUsage, sequence(SERVER_AUTH)),
        extension(EXTENSIONS.altName, sequence(...hosts.map(altName))),
      ),
    ),
  )
  const certificate = sequence(content, ECDSA_SHA256, bits(sign('sha256', content, privateKey)))
  return {
    cert: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(certificate),
  }
}

export function fingerprintOf(der: Uint8Array): string {
  const digest = createHash('sha256').update(der).digest('hex').toUpperCase()
  return (digest.match(/../g) ?? []).join(':')
}

function extension(id: string, value: Uint8Array, critical?: 'critical'): Uint8Array {
  return sequence(oid(id), ...(critical === undefined ? [] : [TRUE]), octets(value))
}

/** A DNS name (tag 2), or the bytes of an IPv4 address (tag 7). Errors: of a programmer, for IPv6. */
function altName(host: string): Uint8Array {
  switch (isIP(host)) {
    case 0:
      return tagged(0x82, Buffer.from(host, 'ascii'))
    case 4:
      return tagged(0x87, Buffer.from(host.split('.').map(Number)))
    default:
      throw new Error(`makeCertificate: ${host} is not a name or an IPv4 address`)
  }
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
