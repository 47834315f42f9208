/** Where a ledger is kept: the browser's database, or a file. */
import type { Counter } from './entries.ts'
import type { Link } from './records.ts'
import type { Sign, UnitSet } from './units.ts'

export type StoredLedger = {
  /** Of this ledger, for good. */
  readonly id: string
  readonly links: readonly Link[]
  /** Hash of the last link, noted apart from it. */
  readonly last: string
  readonly counters: ReadonlyMap<string, Counter>
}

export type Addition = {
  /** How many links there are when these are added; with another number nothing is done. */
  readonly after: number
  readonly links: readonly Link[]
  readonly units: ReadonlyMap<string, UnitSet>
  /** Counters of runs that come from another ledger. */
  readonly counters: ReadonlyMap<string, Counter>
}

/** Errors of all methods: `storage`. */
export interface LedgerStore {
  /** Under the ledger's own key, which is made with the ledger and never leaves its store. */
  readonly sign: Sign
  /** Runs `act` while no other tab or process runs one on the same ledger. */
  exclusive<T>(act: () => Promise<T>): Promise<T>
  read(): Promise<StoredLedger>
  readUnits(): Promise<ReadonlyMap<string, UnitSet>>
  /**
   * All or nothing, and on the disk when it resolves. Counters are raised, never lowered.
   * @throws SoftpostError `conflict` where `after` is not the number of links.
   */
  add(addition: Addition): Promise<void>
  /** Raises a run's spent steps; on the disk when it resolves. Errors: `internal` where that is no raise. */
  spend(run: string, stepsSpent: number): Promise<void>
  /** Notes that a budget file holds these runs. */
  markSaved(runs: readonly string[]): Promise<void>
}
