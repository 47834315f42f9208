/** What a ledger's records say of some units: the runs that share one with them, and what those have spent. */
import { SoftpostError } from '../../protocol/errors.ts'
import type { BudgetForecast, FileBudget, LedgerRun } from '../../protocol/ledger.ts'
import { defaultDelta } from '../plan.ts'
import { chosenBudget, entriesOf, type Entry } from './entries.ts'
import { isIntact, type LedgerRecord } from './records.ts'
import { affordableEpsilon, composedEpsilon, ruleFor, type Charge } from './spent.ts'
import type { LedgerStore, StoredLedger } from './store.ts'
import { nameOf, overlaps, sizeOf, type UnitSet } from './units.ts'

/** The ledger at one moment. */
export type View = StoredLedger & {
  readonly records: readonly LedgerRecord[]
  readonly entries: ReadonlyMap<string, Entry>
  readonly isIntact: boolean
}

function namesIn(records: readonly LedgerRecord[]): string[] {
  return records.flatMap((record) => ('units' in record ? [record.units] : []))
}

const NO_SETS: ReadonlyMap<string, UnitSet> = new Map()

export class LedgerReader {
  readonly #store: LedgerStore
  readonly #defaultBudget: number
  /** Sets never change, so those that were read once stay. */
  #units: ReadonlyMap<string, UnitSet> = new Map()

  /** @param defaultBudget ε that a file may spend where nobody chose. */
  constructor(store: LedgerStore, defaultBudget: number) {
    this.#store = store
    this.#defaultBudget = defaultBudget
  }

  async view(): Promise<View> {
    const stored = await this.#store.read()
    const records = stored.links.map(({ record }) => record)
    return {
      ...stored,
      records,
      entries: entriesOf(records, stored.counters),
      isIntact:
        (await isIntact(stored.links, stored.last, this.#store.sign)) && (await this.#hasUnitsSinceMend(records)),
    }
  }

  /** A run whose units are gone would share none with any file, and count for nothing. */
  async #hasUnitsSinceMend(records: readonly LedgerRecord[]): Promise<boolean> {
    const known = await this.unitsOf(records)
    const mended = records.findLastIndex(({ kind }) => kind === 'mend')
    return namesIn(records.slice(mended + 1)).every((name) => known.has(name))
  }

  /** Sets of the runs and choices on record; one that is no longer what its name says is left out. */
  async unitsOf(records: readonly LedgerRecord[]): Promise<ReadonlyMap<string, UnitSet>> {
    if (namesIn(records).some((name) => !this.#units.has(name))) {
      const stored = [...(await this.#store.readUnits())]
      const names = await Promise.all(stored.map(async ([, set]) => await nameOf(set, this.#store.sign)))
      this.#units = new Map(stored.filter(([name], place) => names[place] === name))
    }
    return this.#units
  }

  async setOf({ records }: View, { units }: Entry): Promise<UnitSet> {
    const set = (await this.unitsOf(records)).get(units)
    if (set === undefined) throw new SoftpostError('ledger', 'the units of a run are lost; restore a budget file')
    return set
  }

  /**
   * Names of the sets on record that share a unit with this one.
   * @param more sets of records that are not in the store yet
   */
  async namesSharing(
    { records }: View,
    units: UnitSet,
    more: ReadonlyMap<string, UnitSet> = NO_SETS,
  ): Promise<ReadonlySet<string>> {
    const known = [...(await this.unitsOf(records)), ...more]
    return new Set(known.flatMap(([name, set]) => (overlaps(set, units) ? [name] : [])))
  }

  async sharing(view: View, units: UnitSet): Promise<Entry[]> {
    const names = await this.namesSharing(view, units)
    return [...view.entries.values()].filter((entry) => names.has(entry.units))
  }

  async isSeen(view: View, units: UnitSet, more: ReadonlyMap<string, UnitSet> = NO_SETS): Promise<boolean> {
    const seen = seenNames(view)
    if (seen.size === 0) return false
    return [...(await this.namesSharing(view, units, more))].some((name) => seen.has(name))
  }

  async limitOf(
    view: View,
    units: UnitSet,
  ): Promise<{ readonly epsilon: number; readonly delta: number; readonly isDefault: boolean }> {
    const chosen = chosenBudget(view.records, await this.namesSharing(view, units))
    if (chosen !== null) return { ...chosen, isDefault: false }
    return { epsilon: this.#defaultBudget, delta: defaultDelta(sizeOf(units)), isDefault: true }
  }

  async budgetOf(view: View, units: UnitSet): Promise<FileBudget> {
    const sharing = await this.sharing(view, units)
    const limit = await this.limitOf(view, units)
    const charges = chargesOf(sharing)
    const plain = sharing.filter(({ run }) => run.mechanism === null)
    return {
      spent: composedEpsilon(charges, limit.delta),
      delta: limit.delta,
      rule: ruleFor(charges),
      budget: limit.epsilon,
      isDefault: limit.isDefault,
      runs: charges.length,
      plainRuns: plain.length,
      plainReleased: plain.some(({ released }) => released),
      seen: await this.isSeen(view, units),
      saved: sharing.every(({ saved }) => saved),
      intact: view.isIntact,
    }
  }

  async forecastOf(view: View, units: UnitSet, mechanisms: readonly LedgerRun['mechanism'][]): Promise<BudgetForecast> {
    const budget = await this.budgetOf(view, units)
    const charges = chargesOf(await this.sharing(view, units))
    const wished = mechanisms.flatMap((mechanism): Charge[] =>
      mechanism === null ? [] : [{ mechanism, dealer: view.id, series: 'wished', stepsSpent: 0, isOver: false }],
    )
    const all = [...charges, ...wished]
    const total = wished.length === 0 ? budget.spent : composedEpsilon(all, budget.delta)
    const fits = wished.length === 0 || total <= budget.budget
    const [first] = wished
    const limit = { epsilon: budget.budget, delta: budget.delta }
    return {
      ...budget,
      total,
      totalRule: ruleFor(all),
      fits,
      affordable: fits || first === undefined ? null : affordableEpsilon(charges, first, limit),
    }
  }
}

/** In the order in which the runs were started: those of a restored file stand later in the ledger. */
export function chargesOf(entries: readonly Entry[]): Charge[] {
  return entries
    .toSorted((one, other) => one.run.at - other.run.at)
    .flatMap(({ run, stepsSpent, isOver }) => {
      const { mechanism, dealer, series } = run
      // A run that ended before its first step has shown nothing.
      const isVoid = isOver && stepsSpent === 0
      return mechanism === null || isVoid ? [] : [{ mechanism, dealer, series, stepsSpent, isOver }]
    })
}

/** Names of sets of which exact figures were seen. A run without DP shows them while it goes on. */
export function seenNames({ records, entries }: View): ReadonlySet<string> {
  const plain = [...entries.values()].filter(({ run, stepsSpent }) => run.mechanism === null && stepsSpent > 0)
  return new Set([
    ...records.flatMap((record) => (record.kind === 'seen' ? [record.units] : [])),
    ...plain.map(({ units }) => units),
  ])
}

/** Errors: `ledger` for a run that is not on record. */
export function entryOf({ entries }: View, run: string): Entry {
  const entry = entries.get(run)
  if (entry === undefined) {
    throw new SoftpostError('ledger', 'this run is not in the ledger, so it cannot go on; start a new one')
  }
  return entry
}
