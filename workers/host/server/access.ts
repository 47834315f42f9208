/** Who may ask what: opaque keys with scopes, or, without keys, only this machine's own browser and programs. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Context, MiddlewareHandler } from 'hono'
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import { describeIssue } from './errors.ts'

export const SCOPES = ['transfer', 'classify', 'metrics'] as const
export type Scope = (typeof SCOPES)[number]

const Quota = z.strictObject({
  requestsPerMinute: z.optional(z.int().check(z.positive())),
  bytesPerDay: z.optional(z.int().check(z.positive())),
  computeSecondsPerDay: z.optional(z.number().check(z.positive())),
})
export type Quota = z.infer<typeof Quota>

/** One entry of the keys file. The token itself is nowhere: only its SHA-256. */
const KeyEntry = z.strictObject({
  tenant: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  scopes: z.array(z.enum(SCOPES)).check(z.minLength(1)),
  expiresAt: z.optional(z.iso.datetime()),
  quota: z.optional(Quota),
})
export type KeyEntry = z.infer<typeof KeyEntry>

export type Caller = { readonly tenant: string; readonly scopes: readonly Scope[]; readonly quota: Quota }

export type Access = { readonly kind: 'loopback' } | { readonly kind: 'keys'; readonly keys: readonly KeyEntry[] }

/** Everybody on a host without keys is this tenant. */
const LOCAL: Caller = { tenant: 'local', scopes: SCOPES, quota: {} }

export async function readKeys(path: string): Promise<Access> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new SoftpostError('usage', `the keys file ${path} cannot be read; give --keys an existing file`, {
      cause: error,
    })
  }
  try {
    return { kind: 'keys', keys: z.array(KeyEntry).check(z.minLength(1)).parse(JSON.parse(text)) }
  } catch (error) {
    const why = error instanceof z.core.$ZodError ? describeIssue(error) : 'it is not JSON'
    throw new SoftpostError(
      'usage',
      `the keys file ${path} is not a list of keys: ${why} (docs/deploy.md has an example)`,
      {
        cause: error,
      },
    )
  }
}

/** The caller behind a request. Errors: `unauthorized` for a missing, unknown, expired or too narrow key. */
export function authenticate(c: Context, access: Access, scope: Scope, now: Date): Caller {
  if (access.kind === 'loopback') return LOCAL
  const token = /^Bearer ([\x21-\x7e]{8,512})$/.exec(c.req.header('authorization') ?? '')?.[1]
  if (token === undefined) {
    throw new SoftpostError('unauthorized', 'this host needs a key; send it as "Authorization: Bearer <key>"')
  }
  const entry = findKey(access.keys, token)
  if (entry === null || (entry.expiresAt !== undefined && Date.parse(entry.expiresAt) <= now.getTime())) {
    throw new SoftpostError('unauthorized', 'the key is not known here or has expired; ask the provider for a new one')
  }
  if (!entry.scopes.includes(scope)) {
    throw new SoftpostError('unauthorized', `the key does not allow "${scope}"; ask the provider for one that does`)
  }
  return { tenant: entry.tenant, scopes: entry.scopes, quota: entry.quota ?? {} }
}

/** Compares with every key, each in constant time, so that the time tells nothing. */
function findKey(keys: readonly KeyEntry[], token: string): KeyEntry | null {
  const given = createHash('sha256').update(token).digest()
  let found: KeyEntry | null = null
  for (const key of keys) if (timingSafeEqual(Buffer.from(key.sha256, 'hex'), given)) found = key
  return found
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Without keys the host trusts this machine, and a web page of somebody else must not borrow that trust: a name that
 * is not this machine's (DNS rebinding) and an origin that is not this host or a configured one are refused.
 */
export function guardLoopback(origins: readonly string[]): MiddlewareHandler {
  return async function guardLoopback(c, next) {
    const host = c.req.header('host') ?? new URL(c.req.url).host
    if (!LOOPBACK_NAMES.has(host.replace(/:\d+$/, '').toLowerCase())) {
      throw new SoftpostError('unauthorized', 'without keys this host answers to localhost only; open it by that name')
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && origin !== `http://${host}` && !origins.includes(origin)) {
      throw new SoftpostError('unauthorized', 'requests from other web sites are refused; see --allow-origin')
    }
    await next()
  }
}
