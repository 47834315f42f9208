/** The keys of a host: a JSON file with the SHA-256 of each opaque token, read again whenever it changes. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import type { Log } from '../queue/log.ts'
import { describeIssue } from './errors.ts'

export const SCOPES = ['transfer', 'classify', 'metrics'] as const
export type Scope = (typeof SCOPES)[number]

const Quota = z.strictObject({
  requestsPerMinute: z.optional(z.int().check(z.positive())),
  bytesPerDay: z.optional(z.int().check(z.positive())),
  computeSecondsPerDay: z.optional(z.number().check(z.positive())),
})
export type Quota = z.infer<typeof Quota>

export const Tenant = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/))

/** One entry of the keys file. The token itself is nowhere: only its SHA-256. */
const KeyEntry = z.strictObject({
  tenant: Tenant,
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  scopes: z.array(z.enum(SCOPES)).check(z.minLength(1)),
  expiresAt: z.optional(z.iso.datetime()),
  quota: z.optional(Quota),
})
export type KeyEntry = z.infer<typeof KeyEntry>

/** Errors: `usage`, naming the file and what is wrong with it. */
export function readKeys(path: string): readonly KeyEntry[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new SoftpostError(
      'usage',
      `the keys file ${path} cannot be read; make one with softpost keys create --keys ${path}`,
      { cause: error },
    )
  }
  try {
    return z.array(KeyEntry).parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof z.core.$ZodError ? describeIssue(error) : 'it is not JSON'
    throw new SoftpostError(
      'usage',
      `the keys file ${path} is not a list of keys: ${why} (docs/deploy.md has an example)`,
      { cause: error },
    )
  }
}

/** Longest time that a revoked key still works. */
const LOOK_MS = 1_000

/**
 * The keys file of a running host. A key that was added or revoked counts within a second. A file that cannot be read
 * meanwhile changes nothing: the keys that were known stay, and the log says so.
 */
export class KeyRing {
  readonly #path: string
  readonly #log: Log
  #keys: readonly KeyEntry[]
  #mark: string
  #lookedAt = performance.now()

  /** Errors: those of {@link readKeys}. */
  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
    this.#mark = markOf(path)
    this.#keys = readKeys(path)
    if (this.#keys.length === 0) log('warn', `the keys file ${path} holds no key: every request is refused`)
  }

  /** The entry of a token, or null. Compares with every key, each in constant time, so that the time tells nothing. */
  find(token: string): KeyEntry | null {
    this.#look()
    const given = createHash('sha256').update(token).digest()
    let found: KeyEntry | null = null
    for (const key of this.#keys) if (timingSafeEqual(Buffer.from(key.sha256, 'hex'), given)) found = key
    return found
  }

  #look(): void {
    if (performance.now() - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = performance.now()
    const mark = markOf(this.#path)
    if (mark === this.#mark) return
    this.#mark = mark
    try {
      this.#keys = readKeys(this.#path)
      this.#log('info', 'keys were read again', { keys: this.#keys.length })
    } catch (error) {
      this.#log('error', `${error instanceof Error ? error.message : String(error)}; the keys known before stay`)
    }
  }
}

/** Changes whenever the file does. */
function markOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? '' : `${found.ino} ${found.size} ${found.mtimeMs}`
}
