/**
 * What tenants have used of their quotas, in the queue's database: all hosts on it count as one, and a restart forgets
 * nothing.
 *
 * A tenant has one row with two windows, a minute for requests and a day for bytes and compute seconds. A window begins
 * with the first use after the last one ended. Times are of the hosts' clocks, which should agree to about a second.
 */
import { setTimeout } from 'node:timers/promises'
import * as z from 'zod/mini'
import { SCHEMA, type Sql } from './database.ts'
import { firstLine, type Log } from './log.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS

/** A database that does not answer a statement of one row for so long is taken as away. */
const ANSWER_MS = 5_000

export type Use = { readonly requests: number; readonly bytes: number; readonly seconds: number }

/** What may have been used in a window, this use included; of seconds, which are known afterwards, before it. */
export type Caps = { readonly [what in keyof Use]: number | null }

const Standing = z.object({
  minuteFrom: z.number(),
  requests: z.number(),
  dayFrom: z.number(),
  bytes: z.number(),
  seconds: z.number(),
})
/** A tenant's row: its windows by their beginnings (milliseconds since 1970) and what was used in each. */
export type Standing = z.infer<typeof Standing>

const UNLIMITED: Caps = { requests: null, bytes: null, seconds: null }
const NOTHING: Use = { requests: 0, bytes: 0, seconds: 0 }

const TABLE = `${SCHEMA}.quota_use`

/** Hosts that start at once make the table one after the other: "if not exists" alone may fail then. */
const CREATE = `do $$ begin
  perform pg_advisory_xact_lock(hashtext('${TABLE}'));
  create table if not exists ${TABLE} (
    tenant text primary key,
    minute_from float8 not null, requests float8 not null,
    day_from float8 not null, bytes float8 not null, seconds float8 not null
  );
end $$`

const NOW = '$2::float8'
const [REQUESTS, BYTES, SECONDS] = ['$3::float8', '$4::float8', '$5::float8']
const [REQUESTS_CAP, BYTES_CAP, SECONDS_CAP] = ['$6::float8', '$7::float8', '$8::float8']
const minuteGoesOn = `used.minute_from + ${MINUTE_MS} > ${NOW}`
const dayGoesOn = `used.day_from + ${DAY_MS} > ${NOW}`
const requestsSoFar = `case when ${minuteGoesOn} then used.requests else 0 end`
const bytesSoFar = `case when ${dayGoesOn} then used.bytes else 0 end`
const secondsSoFar = `case when ${dayGoesOn} then used.seconds else 0 end`

/**
 * Adds to a tenant's row, or leaves it alone and returns nothing where a cap stands against it. One statement, so two
 * hosts never take the same last place. What is given back after its window has ended is not a gift to the next one.
 */
const ADD = `insert into ${TABLE} as used (tenant, minute_from, requests, day_from, bytes, seconds)
  select $1::text, ${NOW}, greatest(0, ${REQUESTS}), ${NOW}, greatest(0, ${BYTES}), ${SECONDS}
  where coalesce(${REQUESTS} <= ${REQUESTS_CAP}, true) and coalesce(${BYTES} <= ${BYTES_CAP}, true)
  on conflict (tenant) do update set
    minute_from = case when ${minuteGoesOn} then used.minute_from else ${NOW} end,
    requests = greatest(0, ${requestsSoFar} + ${REQUESTS}),
    day_from = case when ${dayGoesOn} then used.day_from else ${NOW} end,
    bytes = greatest(0, ${bytesSoFar} + ${BYTES}),
    seconds = ${secondsSoFar} + ${SECONDS}
  where coalesce(${requestsSoFar} + ${REQUESTS} <= ${REQUESTS_CAP}, true)
    and coalesce(${bytesSoFar} + ${BYTES} <= ${BYTES_CAP}, true)
    and coalesce(${secondsSoFar} < ${SECONDS_CAP}, true)
  returning tenant`

const READ = `select minute_from as "minuteFrom", requests, day_from as "dayFrom", bytes, seconds
  from ${TABLE} where tenant = $1`

const PURGE = `delete from ${TABLE} where minute_from + ${MINUTE_MS} <= $1::float8 and day_from + ${DAY_MS} <= $1::float8`

export type UsageParts = { readonly sql: Sql; readonly now: () => Date; readonly log: Log }

export class Usage {
  readonly #parts: UsageParts
  /** What the database could not be told of yet. */
  readonly #owed = new Map<string, Use>()
  readonly #timer: NodeJS.Timeout

  private constructor(parts: UsageParts) {
    this.#parts = parts
    this.#timer = setInterval(() => void this.#tidy(), MINUTE_MS)
    this.#timer.unref()
  }

  /** Makes the table where there is none. */
  static async open(parts: UsageParts): Promise<Usage> {
    await parts.sql(CREATE, [])
    const usage = new Usage(parts)
    await usage.#tidy()
    return usage
  }

  /** Adds the use unless a cap stands against it; false then. Rejects when the database does not answer. */
  async add(tenant: string, use: Use, caps: Caps = UNLIMITED): Promise<boolean> {
    const values = [use.requests, use.bytes, use.seconds, caps.requests, caps.bytes, caps.seconds]
    const rows = await this.#run(ADD, [tenant, this.#nowMs(), ...values])
    return rows.length > 0
  }

  /** Null: the tenant used nothing lately. Rejects when the database does not answer. */
  async read(tenant: string): Promise<Standing | null> {
    const [row] = await this.#run(READ, [tenant])
    return row === undefined ? null : Standing.parse(row)
  }

  /**
   * Adds what is a fact by now and may not fail: seconds that were computed, what is given back (negative). While
   * the database is away it is kept here and added later.
   */
  async settle(tenant: string, use: Partial<Use>): Promise<void> {
    this.#owe(tenant, { ...NOTHING, ...use })
    await this.#settleOwed()
  }

  /** Tells the database what it was not told yet, as far as it answers. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#settleOwed()
  }

  /** A tenant whose windows are over has no row. */
  async #tidy(): Promise<void> {
    await this.#settleOwed()
    try {
      await this.#run(PURGE, [this.#nowMs()])
    } catch (error) {
      this.#parts.log('warn', `old quota windows stay for now: ${firstLine(error)}`)
    }
  }

  async #settleOwed(): Promise<void> {
    for (const [tenant, use] of this.#owed) {
      this.#owed.delete(tenant)
      try {
        await this.add(tenant, use)
      } catch (error) {
        this.#owe(tenant, use)
        this.#parts.log('warn', `use of quotas is counted later: ${firstLine(error)}`)
        return
      }
    }
  }

  #owe(tenant: string, use: Use): void {
    const { requests, bytes, seconds } = this.#owed.get(tenant) ?? NOTHING
    this.#owed.set(tenant, {
      requests: requests + use.requests,
      bytes: bytes + use.bytes,
      seconds: seconds + use.seconds,
    })
  }

  #nowMs(): number {
    return this.#parts.now().getTime()
  }

  async #run(text: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    const answered = new AbortController()
    const late = async () => {
      await setTimeout(ANSWER_MS, null, { signal: answered.signal })
      throw new Error(`no answer within ${ANSWER_MS / 1000} s`)
    }
    try {
      return await Promise.race([this.#parts.sql(text, values), late()])
    } finally {
      answered.abort()
    }
  }
}
