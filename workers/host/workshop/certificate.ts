/**
 * A certificate for the machine's own names and addresses, made when the workshop starts and gone when it ends. Browsers
 * warn of it, since nobody vouches for it; what people compare is its fingerprint.
 */
// The library finds its own parts by metadata, which have to be there first.
import 'reflect-metadata'
import { KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

export type ServerCertificate = {
  /** PEM, as a TLS server takes them. */
  readonly cert: string
  readonly key: string
  /** SHA-256 of the certificate as browsers show it: pairs of digits with colons. */
  readonly fingerprint: string
}

/** A workshop lasts a day; a clock that is a little late must not refuse it. */
const VALID_MS = { before: 24 * 3_600_000, after: 3 * 24 * 3_600_000 } as const

/** X.509 version 3 (RFC 5280), P-256, signed by itself. `hosts` are names and IP addresses. */
export async function makeCertificate(hosts: readonly string[], now: Date): Promise<ServerCertificate> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Softpost workshop',
    keys,
    notBefore: new Date(now.getTime() - VALID_MS.before),
    notAfter: new Date(now.getTime() + VALID_MS.after),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map(altName)),
    ],
  })
  const cert = `${certificate.toString('pem')}\n`
  return {
    cert,
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: new X509Certificate(cert).fingerprint256,
  }
}

function altName(host: string): JsonGeneralName {
  return { type: isIP(host) === 0 ? 'dns' : 'ip', value: host }
}
