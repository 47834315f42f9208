/** Requests with a body: nothing of it is read before its caller, a place, its size and the key's quota are clear. */
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { SoftpostError } from '../../protocol/errors.ts'
import { authenticate, type Caller } from './access.ts'
import type { AtOnce } from './atOnce.ts'
import type { AppDeps } from './deps.ts'
import type { Scope } from './keys.ts'

export type Received = {
  readonly caller: Caller
  /** Bytes that the request was counted with; null where it did not say how many it has. */
  readonly announced: number | null
  /** Gives the place back. */
  readonly leave: () => void
}

type Wanted = { readonly scope: Scope; readonly places: AtOnce; readonly mostBytes: number }

/**
 * The caller of a request whose body makes the host compute; its body may then be read. Errors: `unauthorized`, `busy`
 * (no place, or a quota), `too-large`, `storage`. All but a body that turns out longer than announced cost the caller
 * nothing.
 */
export async function receive(
  c: Context,
  { access, now, quotas }: AppDeps,
  { scope, places, mostBytes }: Wanted,
): Promise<Received> {
  const caller = authenticate(c, access, scope, now())
  const leave = places.enter(caller.tenant)
  const tooLarge = () => {
    throw new SoftpostError('too-large', `the request is larger than ${mostBytes} bytes; send less at once`)
  }
  try {
    const announced = announcedBytes(c)
    if (announced !== null && announced > mostBytes) tooLarge()
    await quotas.admit(caller, { requests: 1, bytes: announced ?? 0, computes: true })
    // A body without its length is read here, as far as the limit.
    await bodyLimit({ maxSize: mostBytes, onError: tooLarge })(c, () => Promise.resolve())
    return { caller, announced, leave }
  } catch (error) {
    leave()
    throw error
  }
}

/** Counts a body that came without its length, by what was read of it; the result is what was counted. Errors: `busy`. */
export async function countUnannounced({ quotas }: AppDeps, received: Received, bytes: number): Promise<number> {
  if (received.announced !== null) return received.announced
  await quotas.admit(received.caller, { requests: 0, bytes, computes: false })
  return bytes
}

function announcedBytes(c: Context): number | null {
  const text = c.req.header('content-length') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}
