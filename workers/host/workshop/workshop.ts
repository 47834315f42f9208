/** A workshop: this host on the local network for a day, over TLS, for whoever was given the invitation. */
import { createHash, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { SoftpostError } from '../../protocol/errors.ts'
import type { Access } from '../server/access.ts'
import type { KeyEntry } from '../server/keys.ts'
import type { ServerCertificate } from './certificate.ts'

/** Files of a certificate that the host already has; null makes one. */
export type WorkshopOptions = { readonly tls: { readonly cert: string; readonly key: string } | null }

export type Workshop = {
  readonly tls: ServerCertificate
  /** Name or address of this machine on the local network. */
  readonly host: string
  /** The key of the invitation, in the clear here alone: it is shown on the screen of this machine. */
  readonly token: string
  readonly access: Access
}

/** Errors: `usage` where there is no network, or the files of the certificate cannot be used. */
export async function openWorkshop({ tls }: WorkshopOptions, now: Date): Promise<Workshop> {
  const addresses = localAddresses()
  const [address] = addresses
  if (address === undefined) {
    throw new SoftpostError('usage', '--workshop finds no network on this machine; connect it, then start again')
  }
  const names = ['localhost', hostname(), `${hostname().replace(/\..*$/, '')}.local`].filter(isPlainName)
  const certificate =
    tls === null
      ? await makeOwn([...new Set(names), '127.0.0.1', ...addresses], now)
      : await readCertificate(tls.cert, tls.key)
  const token = randomBytes(24).toString('base64url')
  return {
    tls: certificate,
    host: tls === null ? address : (nameIn(certificate) ?? address),
    token,
    access: { kind: 'keys', keys: { find: keyOf(token) } },
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** The room shares one key, which may send prompts and use them. */
function keyOf(token: string): (given: string) => KeyEntry | null {
  const wanted = digest(token)
  const entry: KeyEntry = { tenant: 'workshop', sha256: wanted.toString('hex'), scopes: ['transfer', 'classify'] }
  return (given) => (timingSafeEqual(digest(given), wanted) ? entry : null)
}

/** Where the people in the room go. The key stands in the fragment, which no browser sends. */
export function invitationOf({ host, token }: Pick<Workshop, 'host' | 'token'>, port: number): string {
  return `https://${host}:${port}/#key=${token}`
}

/** IPv4 addresses that others on the network reach this machine by, those of private networks first. */
function localAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? [])
  const outer = all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)
  return outer.sort((a, b) => Number(isPrivate(b)) - Number(isPrivate(a)))
}

/** RFC 1918. */
function isPrivate(address: string): boolean {
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address)
}

/** A host name may hold what a certificate's may not. */
function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(name)
}

/** The library is for workshops alone, so that no other host waits for it. */
async function makeOwn(hosts: readonly string[], now: Date): Promise<ServerCertificate> {
  const { makeCertificate } = await import('./certificate.ts')
  return await makeCertificate(hosts, now)
}

async function readCertificate(certFile: string, keyFile: string): Promise<ServerCertificate> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
    return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 }
  } catch (error) {
    throw new SoftpostError(
      'usage',
      `--tls-cert ${certFile} and --tls-key ${keyFile} must be a certificate and its key as PEM files`,
      { cause: error },
    )
  }
}

function nameIn({ cert }: ServerCertificate): string | null {
  const names = new X509Certificate(cert).subjectAltName ?? ''
  return /DNS:([A-Za-z0-9.-]+)/.exec(names)?.[1] ?? null
}
