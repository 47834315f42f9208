/** Who may ask what: opaque keys with scopes, or, without keys, only this machine's own browser and programs. */
import type { Context, MiddlewareHandler } from 'hono'
import { SoftpostError } from '../../protocol/errors.ts'
import { SCOPES, type KeyRing, type Quota, type Scope } from './keys.ts'

export type Caller = { readonly tenant: string; readonly scopes: readonly Scope[]; readonly quota: Quota }

export type Access = { readonly kind: 'loopback' } | { readonly kind: 'keys'; readonly keys: Pick<KeyRing, 'find'> }

/** Everybody on a host without keys is this tenant. */
const LOCAL: Caller = { tenant: 'local', scopes: SCOPES, quota: {} }

/** The caller behind a request. Errors: `unauthorized` for a missing, unknown, expired or too narrow key. */
export function authenticate(c: Context, access: Access, scope: Scope, now: Date): Caller {
  if (access.kind === 'loopback') return LOCAL
  const token = /^Bearer ([\x21-\x7e]{8,512})$/.exec(c.req.header('authorization') ?? '')?.[1]
  if (token === undefined) {
    throw new SoftpostError('unauthorized', 'this host needs a key; send it as "Authorization: Bearer <key>"')
  }
  const entry = access.keys.find(token)
  if (entry === null || (entry.expiresAt !== undefined && Date.parse(entry.expiresAt) <= now.getTime())) {
    throw new SoftpostError('unauthorized', 'the key is not known here or has expired; ask the provider for a new one')
  }
  if (!entry.scopes.includes(scope)) {
    throw new SoftpostError('unauthorized', `the key does not allow "${scope}"; ask the provider for one that does`)
  }
  return { tenant: entry.tenant, scopes: entry.scopes, quota: entry.quota ?? {} }
}

/** Whether the caller of a request that goes on may still ask: keys end, and are revoked, in the middle of one. */
export function mayStillAsk(c: Context, access: Access, scope: Scope, now: Date): boolean {
  try {
    authenticate(c, access, scope, now)
    return true
  } catch (error) {
    if (error instanceof SoftpostError && error.code === 'unauthorized') return false
    throw error
  }
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
