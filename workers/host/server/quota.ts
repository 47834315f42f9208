/** Holds requests against the quotas of their keys. A request that is turned away costs nothing of them. */
import { SoftpostError } from '../../protocol/errors.ts'
import { firstLine, type Log } from '../queue/log.ts'
import { DAY_MS, MINUTE_MS, type Caps, type Standing, type Usage } from '../queue/usage.ts'
import type { Caller } from './access.ts'
import type { Quota } from './keys.ts'

/** What a request takes; whether it makes the host compute is all that is known of its seconds before. */
export type Cost = { readonly requests: 0 | 1; readonly bytes: number; readonly computes: boolean }

/** A tenant that was turned away is turned away from memory for so long: a flood of it costs the database nothing. */
const REMEMBER_MS = 1_000

/** Seconds after which to ask again when the database is away. */
const AWAY_SECONDS = 5

export class Quotas {
  readonly #usage: Usage
  readonly #now: () => Date
  readonly #log: Log
  readonly #refused = new Map<string, { readonly standing: Standing; readonly at: number }>()

  constructor(usage: Usage, now: () => Date, log: Log) {
    this.#usage = usage
    this.#now = now
    this.#log = log
  }

  /**
   * Counts a request, or bytes of it that were not announced. Errors: `busy` with `retrySeconds` when a limit is reached,
   * `too-large` for what the limit never allows, `storage` with `retrySeconds` when it cannot be counted now: a quota
   * that nobody counts would be none.
   */
  async admit({ tenant, quota }: Caller, cost: Cost): Promise<void> {
    const caps = capsOf(quota, cost)
    if (caps.requests === null && caps.bytes === null && caps.seconds === null) return
    if (caps.bytes !== null && cost.bytes > caps.bytes) {
      throw new SoftpostError(
        'too-large',
        `the request has ${cost.bytes} bytes, more than the ${caps.bytes} that the key may send in a day; send less`,
      )
    }
    this.#refuseFromMemory(tenant, cost, caps)
    const standing = await this.#add(tenant, cost, caps)
    if (standing === 'added') return
    if (standing !== null) this.#refused.set(tenant, { standing, at: this.#now().getTime() })
    throw busy(standing === null ? null : refusalOf(standing, cost, caps, this.#now().getTime()))
  }

  /** Gives back what a request was counted with that turned out to cost less. */
  async giveBack({ tenant, quota }: Caller, { requests, bytes }: Pick<Cost, 'requests' | 'bytes'>): Promise<void> {
    if (Object.keys(quota).length === 0) return
    await this.#usage.settle(tenant, { requests: -requests, bytes: -bytes })
  }

  /** Counts seconds that were computed for a caller; they are known only afterwards. */
  async spend({ tenant, quota }: Caller, seconds: number): Promise<void> {
    if (quota.computeSecondsPerDay !== undefined) await this.#usage.settle(tenant, { seconds })
  }

  #refuseFromMemory(tenant: string, cost: Cost, caps: Caps): void {
    const refused = this.#refused.get(tenant)
    if (refused === undefined) return
    const now = this.#now().getTime()
    if (now >= refused.at + REMEMBER_MS) {
      this.#refused.delete(tenant)
      return
    }
    const refusal = refusalOf(refused.standing, cost, caps, now)
    if (refusal !== null) throw busy(refusal)
  }

  /** The tenant's standing where the cost was not added; null where that has changed meanwhile. */
  async #add(tenant: string, { requests, bytes }: Cost, caps: Caps): Promise<'added' | Standing | null> {
    try {
      const added = await this.#usage.add(tenant, { requests, bytes, seconds: 0 }, caps)
      return added ? 'added' : await this.#usage.read(tenant)
    } catch (error) {
      // The caller need not know where the database is.
      this.#log('warn', `a quota cannot be counted: ${firstLine(error)}`)
      throw new SoftpostError(
        'storage',
        `the key's quota cannot be counted now, so nothing was done; ask again in ${AWAY_SECONDS} s`,
        { cause: error, data: { retrySeconds: AWAY_SECONDS } },
      )
    }
  }
}

/** The limits that matter to a request: one that sends nothing, or computes nothing, has none of those. */
function capsOf(quota: Quota, { requests, bytes, computes }: Cost): Caps {
  return {
    requests: requests > 0 ? (quota.requestsPerMinute ?? null) : null,
    bytes: bytes > 0 ? (quota.bytesPerDay ?? null) : null,
    seconds: computes ? (quota.computeSecondsPerDay ?? null) : null,
  }
}

type Refusal = { readonly what: string; readonly retrySeconds: number }

/** Which limit stands against a request, and when its window ends; null where none does. Pure. */
function refusalOf(standing: Standing, cost: Cost, caps: Caps, nowMs: number): Refusal | null {
  const minuteEnds = standing.minuteFrom + MINUTE_MS
  const dayEnds = standing.dayFrom + DAY_MS
  const reached: readonly (readonly [what: string, isReached: boolean, ends: number])[] = [
    [`${caps.requests} requests a minute`, caps.requests !== null && standing.requests >= caps.requests, minuteEnds],
    [`${caps.bytes} bytes a day`, caps.bytes !== null && standing.bytes + cost.bytes > caps.bytes, dayEnds],
    [`${caps.seconds} compute seconds a day`, caps.seconds !== null && standing.seconds >= caps.seconds, dayEnds],
  ]
  for (const [what, isReached, ends] of reached) {
    if (isReached && ends > nowMs) return { what, retrySeconds: Math.ceil((ends - nowMs) / 1000) }
  }
  return null
}

function busy(refusal: Refusal | null): SoftpostError {
  if (refusal === null) {
    return new SoftpostError('busy', "the key's quota was used up a moment ago; ask again", {
      data: { retrySeconds: 1 },
    })
  }
  const { what, retrySeconds } = refusal
  return new SoftpostError('busy', `the key's quota of ${what} is used up; ask again in ${retrySeconds} s`, {
    data: { retrySeconds },
  })
}
