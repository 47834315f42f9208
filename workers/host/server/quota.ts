/** What each tenant has used of its quota, in this process. A restart forgets it, which is to the tenant's good. */
import { SoftpostError } from '../../protocol/errors.ts'
import type { Caller } from './access.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

type Window = { readonly start: number; used: number }

export class Quotas {
  readonly #windows = new Map<string, Window>()
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  /** Counts a request of `bytes`. Errors: `busy` with `retrySeconds` when a limit is reached. */
  admit({ tenant, quota }: Caller, bytes: number): void {
    this.#check(tenant, 'requests', MINUTE_MS, 1, quota.requestsPerMinute)
    this.#check(tenant, 'bytes', DAY_MS, bytes, quota.bytesPerDay)
    this.#check(tenant, 'compute seconds', DAY_MS, 0, quota.computeSecondsPerDay)
    this.#window(tenant, 'requests', MINUTE_MS).used += 1
    this.#window(tenant, 'bytes', DAY_MS).used += bytes
  }

  /** Counts bytes that were not announced. */
  receive(tenant: string, bytes: number): void {
    this.#window(tenant, 'bytes', DAY_MS).used += bytes
  }

  /** Counts seconds that were computed for a tenant; they are known only afterwards. */
  spend(tenant: string, seconds: number): void {
    this.#window(tenant, 'compute seconds', DAY_MS).used += seconds
  }

  #check(tenant: string, what: string, length: number, more: number, limit: number | undefined): void {
    if (limit === undefined) return
    const { start, used } = this.#window(tenant, what, length)
    if (used < limit && used + more <= limit) return
    const retrySeconds = Math.ceil((start + length - this.#now().getTime()) / 1000)
    throw new SoftpostError('busy', `the key's quota of ${limit} ${what} is used up; ask again in ${retrySeconds} s`, {
      data: { retrySeconds },
    })
  }

  #window(tenant: string, what: string, length: number): Window {
    const name = `${what} ${tenant}`
    const now = this.#now().getTime()
    const standing = this.#windows.get(name)
    if (standing && now < standing.start + length) return standing
    const fresh = { start: now, used: 0 }
    this.#windows.set(name, fresh)
    return fresh
  }
}
