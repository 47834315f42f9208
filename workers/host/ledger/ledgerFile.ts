/**
 * The command line's ledger: one SQLite file, which brings the lock, the transaction and the way to the disk along. Its
 * key stands in it, so it is to be kept as close as the data.
 */
import { chmodSync } from 'node:fs'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { NOTHING_SPENT, type Counter } from '../../privacy/ledger/entries.ts'
import type { LedgerRecord, Link } from '../../privacy/ledger/records.ts'
import type { Addition, LedgerStore, StoredLedger } from '../../privacy/ledger/store.ts'
import type { Sign, UnitSet } from '../../privacy/ledger/units.ts'
import { SoftpostError } from '../../protocol/errors.ts'

/** How long a process waits for another one's transaction, which takes milliseconds. */
const WAIT_MS = 10_000

const FORMAT = 'softpost-ledger 1'

const TABLES = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS links (place INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS units (name TEXT PRIMARY KEY, prints BLOB NOT NULL, sides BLOB) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counters (run TEXT PRIMARY KEY, spent INTEGER NOT NULL, saved INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

export class LedgerFile implements LedgerStore {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #key: CryptoKey
  /** One transaction after the other: they share the connection. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(path: string, database: DatabaseSync, key: CryptoKey) {
    this.#path = path
    this.#database = database
    this.#key = key
  }

  /**
   * Opens the file, or makes it.
   * @throws SoftpostError `ledger` for a file that is something else, `storage` where there can be none.
   */
  static async open(path: string): Promise<LedgerFile> {
    const database = within(path, () => new DatabaseSync(path, { timeout: WAIT_MS }))
    try {
      const secret = within(path, () => {
        chmodSync(path, 0o600)
        database.exec('PRAGMA synchronous = FULL; BEGIN EXCLUSIVE')
        requireOurs(path, database)
        database.exec(TABLES)
        const add = database.prepare('INSERT OR IGNORE INTO facts VALUES (?, ?)')
        add.run('format', encoded(FORMAT))
        add.run('id', encoded(crypto.randomUUID()))
        add.run('key', crypto.getRandomValues(new Uint8Array(32)))
        const key = factOf(database, 'key')
        database.exec('COMMIT')
        return key
      })
      const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
      return new LedgerFile(path, database, key)
    } catch (error) {
      database.close()
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }

  readonly sign: Sign = async (bytes) => new Uint8Array(await crypto.subtle.sign('HMAC', this.#key, bytes))

  async exclusive<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      this.#within((database) => database.exec('BEGIN EXCLUSIVE'))
      try {
        const result = await act()
        this.#within((database) => database.exec('COMMIT'))
        return result
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
    this.#turn = mine.catch(() => undefined)
    return await mine
  }

  async read(): Promise<StoredLedger> {
    return this.#within((database) => {
      const links = database.prepare('SELECT record, hash FROM links ORDER BY place').all().map(linkOf)
      const counters = database.prepare('SELECT run, spent, saved FROM counters').all()
      return {
        id: decoded(factOf(database, 'id')),
        links,
        last: decoded(factOf(database, 'last')),
        counters: new Map(counters.map((row): [string, Counter] => [String(row['run']), counterOf(row)])),
      }
    })
  }

  async readUnits(): Promise<ReadonlyMap<string, UnitSet>> {
    return this.#within((database) => {
      const rows = database.prepare('SELECT name, prints, sides FROM units').all()
      return new Map(rows.map((row): [string, UnitSet] => [String(row['name']), setOf(row)]))
    })
  }

  async add({ after, links, units, counters }: Addition): Promise<void> {
    this.#within((database) => {
      const count = database.prepare('SELECT count(*) AS count FROM links').get()?.['count']
      if (count !== after) {
        throw new SoftpostError('conflict', `another process has changed ${this.#path} meanwhile; try again`)
      }
      const addLink = database.prepare('INSERT INTO links (record, hash) VALUES (?, ?)')
      for (const { record, hash } of links) addLink.run(JSON.stringify(record), hash)
      const last = links.at(-1)?.hash
      if (last !== undefined) database.prepare('INSERT OR REPLACE INTO facts VALUES (?, ?)').run('last', encoded(last))
      const addUnits = database.prepare('INSERT OR IGNORE INTO units VALUES (?, ?, ?)')
      for (const [name, { prints, sides }] of units) addUnits.run(name, bytesOf(prints), sides)
      const raise = database.prepare(
        'INSERT INTO counters VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET spent = max(spent, excluded.spent), saved = 1',
      )
      for (const [run, { stepsSpent }] of counters) raise.run(run, stepsSpent)
    })
  }

  async spend(run: string, stepsSpent: number): Promise<void> {
    await this.exclusive(async () => {
      this.#within((database) => {
        const row = database.prepare('SELECT spent, saved FROM counters WHERE run = ?').get(run)
        const before = row === undefined ? NOTHING_SPENT : counterOf(row)
        if (!(stepsSpent > before.stepsSpent)) {
          throw new SoftpostError('internal', `spend: ${stepsSpent} steps after ${before.stepsSpent}`)
        }
        const put = database.prepare('INSERT OR REPLACE INTO counters VALUES (?, ?, ?)')
        put.run(run, stepsSpent, before.saved ? 1 : 0)
      })
    })
  }

  async markSaved(runs: readonly string[]): Promise<void> {
    await this.exclusive(async () => {
      this.#within((database) => {
        const mark = database.prepare('INSERT INTO counters VALUES (?, 0, 1) ON CONFLICT DO UPDATE SET saved = 1')
        for (const run of runs) mark.run(run)
      })
    })
  }

  #within<T>(act: (database: DatabaseSync) => T): T {
    return within(this.#path, () => act(this.#database))
  }
}

type Row = Record<string, SQLOutputValue>

/** A database that has tables, and not ours, belongs to another program. */
function requireOurs(path: string, database: DatabaseSync): void {
  const tables = database.prepare('SELECT name FROM sqlite_master').all()
  if (tables.length === 0) return
  const isOurs = tables.some(({ name }) => name === 'facts') && decoded(factOf(database, 'format')) === FORMAT
  if (!isOurs) throw notALedger(path)
}

function factOf(database: DatabaseSync, name: string): Uint8Array<ArrayBuffer> {
  const value = database.prepare('SELECT value FROM facts WHERE name = ?').get(name)?.['value']
  return value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array(0)
}

/** The chain of hashes says whether the record is the one that was written. */
function linkOf({ record, hash }: Row): Link {
  return { record: JSON.parse(String(record)) as LedgerRecord, hash: String(hash) }
}

function counterOf({ spent, saved }: Row): Counter {
  return { stepsSpent: Number(spent), saved: saved === 1 }
}

function setOf({ prints, sides }: Row): UnitSet {
  const bytes = prints instanceof Uint8Array ? new Uint8Array(prints) : new Uint8Array(0)
  return {
    prints: new Float64Array(bytes.buffer),
    sides: sides instanceof Uint8Array ? new Uint8Array(sides) : null,
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function encoded(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** SQLite's own numbers. */
const BUSY = 5
const NOT_A_DATABASE = 26

function within<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof SoftpostError || !(error instanceof Error)) throw error
    const number = 'errcode' in error ? error.errcode : null
    if (number === BUSY) {
      throw new SoftpostError('busy', `another process holds the ledger ${path}; try again when it has ended`, {
        cause: error,
      })
    }
    if (number === NOT_A_DATABASE) throw notALedger(path, error)
    throw new SoftpostError(
      'storage',
      `the ledger ${path} cannot be read or written (${error.message}); name another one with --ledger`,
      { cause: error },
    )
  }
}

function notALedger(path: string, cause?: unknown): SoftpostError {
  return new SoftpostError('ledger', `${path} is no ledger; name another file with --ledger`, { cause })
}
