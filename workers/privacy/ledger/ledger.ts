/**
 * The ledger of a device: every run on a file, recorded before its first step under keyed fingerprints of its units,
 * and what all runs that share a unit have spent together.
 */
import type { ProjectClaim } from '../../protocol/certificate.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import {
  DATA_NAME_LENGTH,
  DEFAULT_FILE_BUDGET,
  type BudgetFile,
  type BudgetForecast,
  type FileBudget,
  type LedgerReport,
  type LedgerRun,
} from '../../protocol/ledger.ts'
import type { RandomSource } from '../random.ts'
import { heldOutCoins } from '../sampler.ts'
import { claimOf } from './claim.ts'
import { chosenBudget, entriesOf, type Entry } from './entries.ts'
import { budgetFileOf, mergeOf, type Merged } from './merge.ts'
import { entryOf, LedgerReader, seenNames, type View } from './reader.ts'
import { linksAfter, NO_LINK, type LedgerRecord } from './records.ts'
import type { LedgerStore, StoredLedger } from './store.ts'
import { fingerprints, keptSides, nameOf, sidesAgree, sizeOf, type UnitSet } from './units.ts'

export type NewRun = Pick<LedgerRun, 'id' | 'purpose' | 'dataName' | 'unit' | 'mechanism'>

/** A saved file, and the units here that it is about. */
export type RestoredFile = { readonly file: BudgetFile; readonly units: UnitSet }

export type OpenedUnits = {
  /** Fingerprint of each text, and 1 where it is held out. */
  readonly prints: Float64Array<ArrayBuffer>
  readonly sides: Uint8Array<ArrayBuffer>
  /** How many have the side that an earlier run gave them. */
  readonly kept: number
}

export type LedgerOptions = {
  /** ε that a file may spend where nobody chose; Infinity counts without a limit. */
  readonly defaultBudget?: number
  readonly now?: () => number
}

export class Ledger {
  readonly #store: LedgerStore
  readonly #records: LedgerReader
  readonly #now: () => number

  constructor(store: LedgerStore, { defaultBudget = DEFAULT_FILE_BUDGET, now = Date.now }: LedgerOptions = {}) {
    this.#store = store
    this.#records = new LedgerReader(store, defaultBudget)
    this.#now = now
  }

  /** Fingerprints of a file's units and their sides; a unit of an earlier run keeps its side, others get a fair coin. */
  async open(texts: readonly string[], share: number, random: RandomSource): Promise<OpenedUnits> {
    const prints = await this.fingerprints(texts)
    const { links } = await this.#store.read()
    const known = await this.#records.unitsOf(links.map(({ record }) => record))
    return { prints, ...keptSides(prints, heldOutCoins(texts.length, share, random), known.values()) }
  }

  async fingerprints(texts: readonly string[]): Promise<Float64Array<ArrayBuffer>> {
    return await fingerprints(texts, this.#store.sign)
  }

  /** What is spent of the units' budget. */
  async budget(units: UnitSet): Promise<FileBudget> {
    return await this.#records.budgetOf(await this.#records.view(), units)
  }

  /** What it would be with one more run. */
  async forecast(units: UnitSet, run: Pick<NewRun, 'mechanism'>): Promise<BudgetForecast> {
    return await this.#records.forecastOf(await this.#records.view(), units, [run.mechanism])
  }

  /**
   * Records runs on these units with all their planned steps as spent, durably, before the first step of any. Runs that
   * are reserved together are composed by their plans.
   *
   * @throws SoftpostError `ledger` where the units' budget does not allow for them, or where the ledger is not intact;
   *   `conflict` where another tab or process has dealt these units' sides meanwhile.
   */
  async reserve(units: UnitSet, runs: readonly NewRun[]): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#records.view()
      if (runs.some(({ mechanism }) => mechanism !== null)) await this.#requireRoom(view, units, runs)
      const name = await nameOf(units, this.#store.sign)
      const series = crypto.randomUUID()
      await this.#add(
        view,
        runs.map((run) => ({
          kind: 'run',
          units: name,
          run: {
            ...run,
            dataName: run.dataName.slice(0, DATA_NAME_LENGTH),
            at: this.#now(),
            size: sizeOf(units),
            dealer: view.id,
            series,
          },
        })),
        new Map([[name, units]]),
      )
    })
  }

  /** Spends a run's steps up to `stepsSpent`; on the disk when it resolves. */
  async spend(run: string, stepsSpent: number): Promise<void> {
    await this.#store.spend(run, stepsSpent)
  }

  /** Says that no step of a run will follow; one that was never reserved has none. */
  async end(run: string): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#records.view()
      const entry = view.entries.get(run)
      if (entry?.isOver === false) await this.#add(view, [{ kind: 'end', run, stepsSpent: entry.stepsSpent }])
    })
  }

  /** Notes, before it happens, that a run's prompt is handed out; one from before the ledger has nothing to note it at. */
  async markReleased(run: string): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#records.view()
      if (view.entries.get(run)?.released === false) await this.#add(view, [{ kind: 'release', run }])
    })
  }

  /** Notes, before it happens, that exact figures of these units are looked at. */
  async markSeen(units: UnitSet): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#records.view()
      if (await this.#records.isSeen(view, units)) return
      const set = await this.#sideless(units)
      await this.#add(view, [{ kind: 'seen', units: set.name, at: this.#now() }], new Map([[set.name, set.units]]))
    })
  }

  /** The same for the units of a run. Errors: as {@link entry}. */
  async markSeenOf(run: string): Promise<void> {
    await this.markSeen(await this.unitsOf(run))
  }

  async isSeen(units: UnitSet): Promise<boolean> {
    return await this.#records.isSeen(await this.#records.view(), units)
  }

  /** Runs that share a unit with what was seen. */
  async seenRuns(): Promise<ReadonlySet<string>> {
    const view = await this.#records.view()
    const seen = new Set<string>()
    if (seenNames(view).size === 0) return seen
    const known = await this.#records.unitsOf(view.records)
    const answers = new Map<string, boolean>()
    for (const [id, { units }] of view.entries) {
      const set = known.get(units)
      const answer = answers.get(units) ?? (set !== undefined && (await this.#records.isSeen(view, set)))
      answers.set(units, answer)
      if (answer) seen.add(id)
    }
    return seen
  }

  /** How many of the texts stand for units of the set, or of the run. Errors: as {@link entry}. */
  async countShared(
    texts: readonly string[],
    among: { readonly units: UnitSet } | { readonly run: string },
  ): Promise<number> {
    const view = await this.#records.view()
    const set = 'units' in among ? among.units : await this.#records.setOf(view, entryOf(view, among.run))
    const known = new Set(set.prints)
    return (await this.fingerprints(texts)).filter((print) => known.has(print)).length
  }

  /** Errors: `ledger` for a run that is not on record. */
  async entry(run: string): Promise<Entry> {
    return entryOf(await this.#records.view(), run)
  }

  /** Units of a run. Errors: as {@link entry}. */
  async unitsOf(run: string): Promise<UnitSet> {
    const view = await this.#records.view()
    return await this.#records.setOf(view, entryOf(view, run))
  }

  async entries(): Promise<ReadonlyMap<string, Entry>> {
    return (await this.#records.view()).entries
  }

  /** As {@link claimOf}. */
  async project(run: string, others: readonly string[]): Promise<ProjectClaim> {
    return claimOf(await this.#records.view(), run, others)
  }

  /** Runs with DP on these units, oldest first. */
  async privateRunsOn(units: UnitSet): Promise<string[]> {
    const sharing = await this.#records.sharing(await this.#records.view(), units)
    return sharing.flatMap(({ run }) => (run.mechanism === null ? [] : [run.id]))
  }

  /** Sets what the units may spend. Errors: `privacy-argument`. */
  async setBudget(units: UnitSet, epsilon: number): Promise<void> {
    if (!(epsilon > 0 && epsilon < Infinity)) {
      throw new SoftpostError('privacy-argument', `the budget of a file must be a positive number, got ${epsilon}`)
    }
    await this.#store.exclusive(async () => {
      const view = await this.#records.view()
      const set = await this.#sideless(units)
      const { delta } = await this.#records.limitOf(view, units)
      await this.#add(view, [{ kind: 'budget', units: set.name, epsilon, delta }], new Map([[set.name, set.units]]))
    })
  }

  /** The runs that share a unit with these, to be kept beside the file; they count as saved from now on. */
  async save(units: UnitSet, dataName: string): Promise<BudgetFile> {
    const view = await this.#records.view()
    const entries = await this.#records.sharing(view, units)
    const limit = await this.#records.limitOf(view, units)
    await this.#store.markSaved(entries.map(({ run }) => run.id))
    const seen = await this.#records.isSeen(view, units)
    return budgetFileOf({ dataName, entries, budget: limit.isDefault ? null : limit, seen })
  }

  /** The same for the units of a run. Errors: as {@link entry}. */
  async saveOf(run: string): Promise<BudgetFile> {
    const view = await this.#records.view()
    const entry = entryOf(view, run)
    return await this.save(await this.#records.setOf(view, entry), entry.run.dataName)
  }

  /** Merges one saved file that is about these units, as {@link restoreAll} does several. */
  async restore(file: BudgetFile, units: UnitSet): Promise<number> {
    return await this.restoreAll([{ file, units }])
  }

  /**
   * Merges saved files, all or none: runs that are not known count as runs on all of their file's units, with all their
   * planned steps. What is known stays, and nothing that was spent becomes less.
   *
   * @returns how many runs were not known before.
   * @throws SoftpostError `ledger` where a file says something else of a run than this ledger or another of the files.
   */
  async restoreAll(files: readonly RestoredFile[]): Promise<number> {
    return await this.#store.exclusive(async () => {
      const before = await this.#records.view()
      const mended: LedgerRecord[] = before.isIntact ? [] : [{ kind: 'mend', at: this.#now() }]
      const sets = new Map<string, UnitSet>()
      // Each file is merged with what the ones before it will have added; nothing is written until all of them fit.
      let view = before
      let counters: StoredLedger['counters'] = new Map()
      let added = 0
      for (const { file, units } of files) {
        const set = await this.#sideless(units)
        const stored = await this.#records.unitsOf(view.records)
        const merged = mergeOf(file, {
          entries: view.entries,
          units: set.name,
          hasUnits: (name) => stored.has(name) || sets.has(name),
          chosen: chosenBudget(view.records, await this.#records.namesSharing(view, units, sets)),
          seen: await this.#records.isSeen(view, units, sets),
          at: this.#now(),
        })
        if (mended.length + merged.records.length + merged.counters.size > 0) sets.set(set.name, set.units)
        counters = new Map([...counters, ...merged.counters])
        view = withMore(view, merged)
        added += merged.added
      }
      const records = [...mended, ...view.records.slice(before.records.length)]
      if (records.length + counters.size > 0) await this.#add(before, records, sets, counters)
      return added
    })
  }

  /** Goes on with what is left of a ledger that is not intact; that it was stays on record. */
  async mend(): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#records.view()
      if (!view.isIntact) await this.#add(view, [{ kind: 'mend', at: this.#now() }])
    })
  }

  /** All runs, newest file first. */
  async report(): Promise<LedgerReport> {
    const view = await this.#records.view()
    const listed = new Set<string>()
    const files: LedgerReport['files'][number][] = []
    for (const entry of [...view.entries.values()].toReversed()) {
      if (listed.has(entry.run.id)) continue
      const set = await this.#records.setOf(view, entry)
      const sharing = await this.#records.sharing(view, set)
      for (const { run } of sharing) listed.add(run.id)
      files.push({
        name: entry.run.dataName,
        budget: await this.#records.budgetOf(view, set),
        runs: sharing
          .map(({ run, stepsSpent, released, saved }) => ({ run, stepsSpent, released, saved }))
          .toReversed(),
      })
    }
    return { intact: view.isIntact, files }
  }

  async #add(
    { links, last }: View,
    records: readonly LedgerRecord[],
    units: ReadonlyMap<string, UnitSet> = new Map(),
    counters: StoredLedger['counters'] = new Map(),
  ): Promise<void> {
    const before = records[0]?.kind === 'mend' ? NO_LINK : last
    await this.#store.add({
      after: links.length,
      links: await linksAfter(before, records, this.#store.sign),
      units,
      counters,
    })
  }

  /** The set as a record about a file keeps it. The sides that a tab dealt count once a run has used them, not before. */
  async #sideless({ prints }: UnitSet): Promise<{ readonly name: string; readonly units: UnitSet }> {
    const units = { prints, sides: null }
    return { name: await nameOf(units, this.#store.sign), units }
  }

  async #requireRoom(view: View, units: UnitSet, runs: readonly NewRun[]): Promise<void> {
    if (!view.isIntact) {
      throw new SoftpostError(
        'ledger',
        'entries of the ledger were lost or changed, so what this file has spent is not known; restore its budget file, or say that you go on without',
      )
    }
    const sharing = await this.#records.sharing(view, units)
    const kinds = new Set(sharing.filter(({ run }) => run.mechanism !== null).map(({ run }) => run.unit))
    if (runs.some(({ unit }) => [...kinds].some((kind) => kind !== unit))) {
      throw new SoftpostError(
        'ledger',
        `earlier runs on these rows protect one ${[...kinds].join(' or one ')}, and no figure adds up both kinds; choose the same again`,
      )
    }
    const known = await this.#records.unitsOf(view.records)
    if (![...known.values()].every((set) => sidesAgree(set, units))) {
      throw new SoftpostError(
        'conflict',
        'another tab or process has started a run on these rows meanwhile; open the file again and plan again',
      )
    }
    const forecast = await this.#records.forecastOf(
      view,
      units,
      runs.map(({ mechanism }) => mechanism),
    )
    if (!forecast.fits) throw overBudget(forecast)
  }
}

/** The ledger as it will be once a merged file is written. */
function withMore(view: View, merged: Merged): View {
  const records = [...view.records, ...merged.records]
  const counters = new Map([...view.counters, ...merged.counters])
  return { ...view, records, counters, entries: entriesOf(records, counters) }
}

function overBudget({ spent, total, budget, affordable }: BudgetForecast): SoftpostError {
  const [spentText, totalText] = [spent, total].map((epsilon) => epsilon.toPrecision(3))
  const room =
    affordable === null ? 'no further run fits' : `a run of up to ε = ${affordable.toPrecision(3)} still fits`
  return new SoftpostError(
    'ledger',
    `runs on this file have spent ε = ${spentText ?? ''}; with this run it would be ${totalText ?? ''}, above the file's budget of ${budget}; ${room}, or raise the budget`,
    { data: { spent, total, budget, ...(affordable === null ? {} : { affordable }) } },
  )
}
