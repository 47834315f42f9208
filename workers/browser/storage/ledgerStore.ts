/** The ledger in the browser's database. Its key can sign and cannot be read, by this page or any other. */
import { NOTHING_SPENT } from '../../privacy/ledger/entries.ts'
import { NO_LINK } from '../../privacy/ledger/records.ts'
import type { Addition, LedgerStore, StoredLedger } from '../../privacy/ledger/store.ts'
import type { Sign, UnitSet } from '../../privacy/ledger/units.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { Connection } from './connection.ts'
import { DURABLE, type LedgerIdentity } from './schema.ts'

/** One tab at a time changes the ledger, whichever tabs are open. */
const LOCK = 'softpost-ledger'

export class BrowserLedgerStore implements LedgerStore {
  readonly #locks: LockManager
  readonly #connection = new Connection()
  #identity: Promise<LedgerIdentity> | null = null

  constructor(locks: LockManager) {
    this.#locks = locks
  }

  readonly sign: Sign = async (bytes) => {
    const { key } = await this.#known()
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes))
  }

  async exclusive<T>(act: () => Promise<T>): Promise<T> {
    return await this.#locks.request(LOCK, act)
  }

  async read(): Promise<StoredLedger> {
    const { id } = await this.#known()
    return await this.#connection.use(async (database) => {
      const look = database.transaction(['ledger', 'ledgerFacts', 'counters'])
      const counters = look.objectStore('counters')
      const [links, last, runs, values] = await Promise.all([
        look.objectStore('ledger').getAll(),
        look.objectStore('ledgerFacts').get('last'),
        counters.getAllKeys(),
        counters.getAll(),
      ])
      return {
        id,
        links,
        last: typeof last === 'string' ? last : NO_LINK,
        counters: new Map(runs.map((run, place) => [run, values[place] ?? NOTHING_SPENT])),
      }
    })
  }

  async readUnits(): Promise<ReadonlyMap<string, UnitSet>> {
    return await this.#connection.use(async (database) => {
      const { store } = database.transaction('units')
      const [names, sets] = await Promise.all([store.getAllKeys(), store.getAll()])
      return new Map(sets.map((set, place) => [names[place] ?? '', set]))
    })
  }

  async add({ after, links, units, counters }: Addition): Promise<void> {
    await this.#connection.use(async (database) => {
      const change = database.transaction(['ledger', 'ledgerFacts', 'units', 'counters'], 'readwrite', DURABLE)
      const ledger = change.objectStore('ledger')
      // The lock sees to that; should it fail (another tab may steal it), the transaction still does.
      if ((await ledger.count()) !== after) {
        change.abort()
        await change.done.catch(() => undefined)
        throw new SoftpostError('conflict', 'another tab has changed the ledger meanwhile; try again')
      }
      const last = links.at(-1)?.hash
      // Not the number of links: some may have been removed from outside.
      const next = ((await ledger.openKeyCursor(null, 'prev'))?.key ?? -1) + 1
      await Promise.all([
        ...links.map((link, place) => ledger.add(link, next + place)),
        ...(last === undefined ? [] : [change.objectStore('ledgerFacts').put(last, 'last')]),
        ...Array.from(units, ([name, set]) => change.objectStore('units').put(set, name)),
        ...Array.from(counters, async ([run, { stepsSpent }]) => {
          const store = change.objectStore('counters')
          const before = (await store.get(run)) ?? NOTHING_SPENT
          await store.put({ stepsSpent: Math.max(stepsSpent, before.stepsSpent), saved: true }, run)
        }),
        change.done,
      ])
    })
  }

  async spend(run: string, stepsSpent: number): Promise<void> {
    await this.#connection.use(async (database) => {
      const change = database.transaction('counters', 'readwrite', DURABLE)
      const before = (await change.store.get(run)) ?? NOTHING_SPENT
      if (!(stepsSpent > before.stepsSpent)) {
        throw new SoftpostError('internal', `spend: ${stepsSpent} steps after ${before.stepsSpent}`)
      }
      await Promise.all([change.store.put({ ...before, stepsSpent }, run), change.done])
    })
  }

  async markSaved(runs: readonly string[]): Promise<void> {
    await this.#connection.use(async (database) => {
      const change = database.transaction('counters', 'readwrite', DURABLE)
      const marked = runs.map(async (run) => {
        const before = (await change.store.get(run)) ?? NOTHING_SPENT
        await change.store.put({ ...before, saved: true }, run)
      })
      await Promise.all([...marked, change.done])
    })
  }

  async #known(): Promise<LedgerIdentity> {
    this.#identity ??= this.#readOrMake()
    try {
      return await this.#identity
    } catch (error) {
      this.#identity = null
      throw error
    }
  }

  /** Two tabs may make one at the same time; the one that is stored first is the ledger's. */
  async #readOrMake(): Promise<LedgerIdentity> {
    const made = {
      id: crypto.randomUUID(),
      key: await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
    }
    return await this.#connection.use(async (database) => {
      const change = database.transaction('ledgerFacts', 'readwrite', DURABLE)
      const before = await change.store.get('identity')
      if (typeof before === 'object') return before
      await Promise.all([change.store.add(made, 'identity'), change.done])
      return made
    })
  }
}
