/** A ledger in memory, kept as the browser's and the command line's are: by the same port. */
import { SoftpostError } from '../../../../workers/protocol/errors.ts'
import type { PlannedMechanism } from '../../../../workers/protocol/ledger.ts'
import type { Counter } from '../../../../workers/privacy/ledger/entries.ts'
import type { NewRun } from '../../../../workers/privacy/ledger/ledger.ts'
import type { Link } from '../../../../workers/privacy/ledger/records.ts'
import type { Addition, LedgerStore, StoredLedger } from '../../../../workers/privacy/ledger/store.ts'
import { fingerprints, unitSet, type Sign, type UnitSet } from '../../../../workers/privacy/ledger/units.ts'

export class MemoryStore implements LedgerStore {
  readonly id = crypto.randomUUID()
  readonly sign: Sign
  links: Link[] = []
  last = ''
  readonly units = new Map<string, UnitSet>()
  readonly counters = new Map<string, Counter>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(sign: Sign) {
    this.sign = sign
  }

  static async create(): Promise<MemoryStore> {
    return new MemoryStore(await newSign())
  }

  async exclusive<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act)
    this.#turn = mine.catch(() => undefined)
    return await mine
  }

  async read(): Promise<StoredLedger> {
    const { id, links, last, counters } = this
    return { id, links: [...links], last, counters: new Map(counters) }
  }

  async readUnits(): Promise<ReadonlyMap<string, UnitSet>> {
    return new Map(this.units)
  }

  async add({ after, links, units, counters }: Addition): Promise<void> {
    if (after !== this.links.length) throw new SoftpostError('conflict', 'the ledger has grown meanwhile')
    this.links.push(...links)
    this.last = links.at(-1)?.hash ?? this.last
    for (const [name, set] of units) this.units.set(name, set)
    for (const [run, counter] of counters) this.counters.set(run, counter)
  }

  async spend(run: string, stepsSpent: number): Promise<void> {
    const before = this.counters.get(run) ?? { stepsSpent: 0, saved: false }
    if (stepsSpent <= before.stepsSpent) throw new SoftpostError('internal', 'no raise')
    this.counters.set(run, { ...before, stepsSpent })
  }

  async markSaved(runs: readonly string[]): Promise<void> {
    for (const run of runs) this.counters.set(run, { stepsSpent: this.counters.get(run)?.stepsSpent ?? 0, saved: true })
  }
}

export async function newSign(): Promise<Sign> {
  const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return async (bytes) => new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes))
}

/** Texts of a file's rows. */
export function textsOf(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `row number ${from + index}`)
}

/** The units of these texts, none of them held out. */
export async function setOf(texts: readonly string[], sign: Sign): Promise<UnitSet> {
  return unitSet(await fingerprints(texts, sign), new Uint8Array(texts.length))
}

/** About ε = 1.4 by itself at δ = 1e-5. */
export const MECHANISM: PlannedMechanism = {
  sigma: 2,
  sampleRate: 0.05,
  steps: 100,
  clipNorm: 0.1,
  expectedBatch: 50,
  epsilon: 1.4,
  delta: 1e-5,
  accountant: 'test',
  heldOut: { sigma: 20, evaluations: 4 },
}

export function newRun(mechanism: PlannedMechanism | null = MECHANISM, id: string = crypto.randomUUID()): NewRun {
  return { id, purpose: 'tune', dataName: 'rows.csv', unit: 'row', mechanism }
}
