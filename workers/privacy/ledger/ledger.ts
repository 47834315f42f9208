/**
 * The ledger of a device: every run on a file, recorded before its first step under keyed fingerprints of its units,
 * and what all runs that share a unit have spent together.
 */
import { PROJECT_RUNS, type ProjectClaim } from '../../protocol/certificate.ts'
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
import { defaultDelta } from '../plan.ts'
import type { RandomSource } from '../random.ts'
import { heldOutCoins } from '../sampler.ts'
import { chosenBudget, entriesOf, type Entry } from './entries.ts'
import { budgetFileOf, mergeOf } from './merge.ts'
import { isIntact, linksAfter, NO_LINK, type LedgerRecord } from './records.ts'
import { affordableEpsilon, composedEpsilon, ruleFor, type Charge } from './spent.ts'
import type { LedgerStore, StoredLedger } from './store.ts'
import { fingerprints, keptSides, nameOf, overlaps, sidesAgree, sizeOf, type UnitSet } from './units.ts'

export type NewRun = Pick<LedgerRun, 'id' | 'purpose' | 'dataName' | 'unit' | 'mechanism'>

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

type View = StoredLedger & {
  readonly records: readonly LedgerRecord[]
  readonly entries: ReadonlyMap<string, Entry>
  readonly isIntact: boolean
}

export class Ledger {
  readonly #store: LedgerStore
  readonly #defaultBudget: number
  readonly #now: () => number
  /** Sets never change, so those that were read once stay. */
  #units: ReadonlyMap<string, UnitSet> = new Map()

  constructor(store: LedgerStore, { defaultBudget = DEFAULT_FILE_BUDGET, now = Date.now }: LedgerOptions = {}) {
    this.#store = store
    this.#defaultBudget = defaultBudget
    this.#now = now
  }

  /** Fingerprints of a file's units and their sides; a unit of an earlier run keeps its side, others get a fair coin. */
  async open(texts: readonly string[], share: number, random: RandomSource): Promise<OpenedUnits> {
    const prints = await this.fingerprints(texts)
    const { links } = await this.#store.read()
    const known = await this.#unitsOf(links.map(({ record }) => record))
    return { prints, ...keptSides(prints, heldOutCoins(texts.length, share, random), known.values()) }
  }

  async fingerprints(texts: readonly string[]): Promise<Float64Array<ArrayBuffer>> {
    return await fingerprints(texts, this.#store.sign)
  }

  /** What is spent of the units' budget. */
  async budget(units: UnitSet): Promise<FileBudget> {
    return await this.#budgetOf(await this.#view(), units)
  }

  /** What it would be with one more run. */
  async forecast(units: UnitSet, run: Pick<NewRun, 'mechanism'>): Promise<BudgetForecast> {
    return await this.#forecastOf(await this.#view(), units, [run.mechanism])
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
      const view = await this.#view()
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
        { name, units },
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
      const view = await this.#view()
      const entry = view.entries.get(run)
      if (entry?.isOver === false) await this.#add(view, [{ kind: 'end', run, stepsSpent: entry.stepsSpent }])
    })
  }

  /** Notes, before it happens, that a run's prompt is handed out; one from before the ledger has nothing to note it at. */
  async markReleased(run: string): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#view()
      if (view.entries.get(run)?.released === false) await this.#add(view, [{ kind: 'release', run }])
    })
  }

  /** Notes, before it happens, that exact figures of these units are looked at. */
  async markSeen(units: UnitSet): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#view()
      if (await this.#isSeen(view, units)) return
      const set = await this.#sideless(units)
      await this.#add(view, [{ kind: 'seen', units: set.name, at: this.#now() }], set)
    })
  }

  /** The same for the units of a run. Errors: as {@link entry}. */
  async markSeenOf(run: string): Promise<void> {
    const view = await this.#view()
    await this.markSeen(await this.#setOf(view, entryOf(view, run)))
  }

  async isSeen(units: UnitSet): Promise<boolean> {
    return await this.#isSeen(await this.#view(), units)
  }

  /** Runs that share a unit with what was seen. */
  async seenRuns(): Promise<ReadonlySet<string>> {
    const view = await this.#view()
    const seen = new Set<string>()
    if (seenNames(view).size === 0) return seen
    const known = await this.#unitsOf(view.records)
    const answers = new Map<string, boolean>()
    for (const [id, { units }] of view.entries) {
      const set = known.get(units)
      const answer = answers.get(units) ?? (set !== undefined && (await this.#isSeen(view, set)))
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
    const view = await this.#view()
    const set = 'units' in among ? among.units : await this.#setOf(view, entryOf(view, among.run))
    const known = new Set(set.prints)
    return (await this.fingerprints(texts)).filter((print) => known.has(print)).length
  }

  /** Errors: `ledger` for a run that is not on record. */
  async entry(run: string): Promise<Entry> {
    return entryOf(await this.#view(), run)
  }

  async entries(): Promise<ReadonlyMap<string, Entry>> {
    return (await this.#view()).entries
  }

  /**
   * What may be said of runs that somebody declares as one project, with all their planned steps, at the δ of `run`.
   * Only the runs that are named: that other ones share rows with them is private.
   *
   * @throws SoftpostError `ledger` for a run that is not on record, has no DP or protects another unit than `run`.
   */
  async project(run: string, others: readonly string[]): Promise<ProjectClaim> {
    const view = await this.#view()
    const named = new Set([run, ...others])
    for (const id of named) entryOf(view, id)
    const { unit, mechanism } = entryOf(view, run).run
    const entries = [...view.entries.values()].filter((entry) => named.has(entry.run.id))
    const charges = chargesOf(entries.map((entry) => ({ ...entry, isOver: false })))
    if (mechanism === null || charges.length < named.size || entries.some((entry) => entry.run.unit !== unit)) {
      throw new SoftpostError(
        'ledger',
        'the runs of a project have differential privacy and protect the same unit; choose other runs',
      )
    }
    if (charges.length > PROJECT_RUNS) {
      throw new SoftpostError('ledger', `a project has at most ${PROJECT_RUNS} runs, not ${charges.length}`)
    }
    const { delta } = mechanism
    const runs = charges.map(({ mechanism: { sigma, sampleRate, steps, heldOut } }) => ({
      sigma,
      sampleRate,
      steps,
      heldOut,
    }))
    return { epsilon: composedEpsilon(charges, delta), delta, composition: ruleFor(charges), runs }
  }

  /** Runs with DP on these units, oldest first. */
  async privateRunsOn(units: UnitSet): Promise<string[]> {
    const sharing = await this.#sharing(await this.#view(), units)
    return sharing.flatMap(({ run }) => (run.mechanism === null ? [] : [run.id]))
  }

  /** Sets what the units may spend. Errors: `privacy-argument`. */
  async setBudget(units: UnitSet, epsilon: number): Promise<void> {
    if (!(epsilon > 0 && epsilon < Infinity)) {
      throw new SoftpostError('privacy-argument', `the budget of a file must be a positive number, got ${epsilon}`)
    }
    await this.#store.exclusive(async () => {
      const view = await this.#view()
      const set = await this.#sideless(units)
      const { delta } = await this.#limitOf(view, units)
      await this.#add(view, [{ kind: 'budget', units: set.name, epsilon, delta }], set)
    })
  }

  /** The runs that share a unit with these, to be kept beside the file; they count as saved from now on. */
  async save(units: UnitSet, dataName: string): Promise<BudgetFile> {
    const view = await this.#view()
    const entries = await this.#sharing(view, units)
    const limit = await this.#limitOf(view, units)
    await this.#store.markSaved(entries.map(({ run }) => run.id))
    const seen = await this.#isSeen(view, units)
    return budgetFileOf({ dataName, entries, budget: limit.isDefault ? null : limit, seen })
  }

  /** The same for the units of a run. Errors: as {@link entry}. */
  async saveOf(run: string): Promise<BudgetFile> {
    const view = await this.#view()
    const entry = entryOf(view, run)
    return await this.save(await this.#setOf(view, entry), entry.run.dataName)
  }

  /**
   * Merges a saved file: runs that are not known count as runs on all of these units, with all their planned steps.
   * What is known stays, and nothing that was spent becomes less.
   *
   * @returns how many runs were not known before.
   * @throws SoftpostError `ledger` where the file says something else of a run than this ledger.
   */
  async restore(file: BudgetFile, units: UnitSet): Promise<number> {
    return await this.#store.exclusive(async () => {
      const view = await this.#view()
      const set = await this.#sideless(units)
      const chosen = chosenBudget(view.records, await this.#namesSharing(view, units))
      const seen = await this.#isSeen(view, units)
      const own = { entries: view.entries, units: set.name, chosen, seen, at: this.#now() }
      const { records, counters, added } = mergeOf(file, own)
      const mended: LedgerRecord[] = view.isIntact ? [] : [{ kind: 'mend', at: this.#now() }]
      if (mended.length + records.length + counters.size > 0) {
        await this.#add(view, [...mended, ...records], set, counters)
      }
      return added
    })
  }

  /** Goes on with what is left of a ledger that is not intact; that it was stays on record. */
  async mend(): Promise<void> {
    await this.#store.exclusive(async () => {
      const view = await this.#view()
      if (!view.isIntact) await this.#add(view, [{ kind: 'mend', at: this.#now() }])
    })
  }

  /** All runs, newest file first. */
  async report(): Promise<LedgerReport> {
    const view = await this.#view()
    const listed = new Set<string>()
    const files: LedgerReport['files'][number][] = []
    for (const entry of [...view.entries.values()].toReversed()) {
      if (listed.has(entry.run.id)) continue
      const set = await this.#setOf(view, entry)
      const sharing = await this.#sharing(view, set)
      for (const { run } of sharing) listed.add(run.id)
      files.push({
        name: entry.run.dataName,
        budget: await this.#budgetOf(view, set),
        runs: sharing
          .map(({ run, stepsSpent, released, saved }) => ({ run, stepsSpent, released, saved }))
          .toReversed(),
      })
    }
    return { intact: view.isIntact, files }
  }

  async #view(): Promise<View> {
    const stored = await this.#store.read()
    const records = stored.links.map(({ record }) => record)
    return {
      ...stored,
      records,
      entries: entriesOf(records, stored.counters),
      isIntact: await isIntact(stored.links, stored.last, this.#store.sign),
    }
  }

  async #add(
    { links, last }: View,
    records: readonly LedgerRecord[],
    set?: { readonly name: string; readonly units: UnitSet },
    counters: StoredLedger['counters'] = new Map(),
  ): Promise<void> {
    const before = records[0]?.kind === 'mend' ? NO_LINK : last
    await this.#store.add({
      after: links.length,
      links: await linksAfter(before, records, this.#store.sign),
      units: new Map(set === undefined ? [] : [[set.name, set.units]]),
      counters,
    })
  }

  /** The set as a record about a file keeps it. The sides that a tab dealt count once a run has used them, not before. */
  async #sideless({ prints }: UnitSet): Promise<{ readonly name: string; readonly units: UnitSet }> {
    const units = { prints, sides: null }
    return { name: await nameOf(units, this.#store.sign), units }
  }

  /** Sets of the runs and choices on record. */
  async #unitsOf(records: readonly LedgerRecord[]): Promise<ReadonlyMap<string, UnitSet>> {
    const names = records.flatMap((record) => ('units' in record ? [record.units] : []))
    if (names.some((name) => !this.#units.has(name))) this.#units = await this.#store.readUnits()
    return this.#units
  }

  async #setOf({ records }: View, { units }: Entry): Promise<UnitSet> {
    const set = (await this.#unitsOf(records)).get(units)
    if (set === undefined) throw new SoftpostError('ledger', 'the units of a run are lost; restore a budget file')
    return set
  }

  /** Names of the sets on record that share a unit with this one. */
  async #namesSharing({ records }: View, units: UnitSet): Promise<ReadonlySet<string>> {
    const known = await this.#unitsOf(records)
    return new Set([...known].flatMap(([name, set]) => (overlaps(set, units) ? [name] : [])))
  }

  async #sharing(view: View, units: UnitSet): Promise<Entry[]> {
    const names = await this.#namesSharing(view, units)
    return [...view.entries.values()].filter((entry) => names.has(entry.units))
  }

  async #isSeen(view: View, units: UnitSet): Promise<boolean> {
    const names = seenNames(view)
    if (names.size === 0) return false
    const known = await this.#unitsOf(view.records)
    return [...known].some(([name, set]) => names.has(name) && overlaps(set, units))
  }

  async #limitOf(
    view: View,
    units: UnitSet,
  ): Promise<{ readonly epsilon: number; readonly delta: number; readonly isDefault: boolean }> {
    const chosen = chosenBudget(view.records, await this.#namesSharing(view, units))
    if (chosen !== null) return { ...chosen, isDefault: false }
    return { epsilon: this.#defaultBudget, delta: defaultDelta(sizeOf(units)), isDefault: true }
  }

  async #budgetOf(view: View, units: UnitSet): Promise<FileBudget> {
    const sharing = await this.#sharing(view, units)
    const limit = await this.#limitOf(view, units)
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
      seen: await this.#isSeen(view, units),
      saved: sharing.every(({ saved }) => saved),
      intact: view.isIntact,
    }
  }

  async #forecastOf(
    view: View,
    units: UnitSet,
    mechanisms: readonly LedgerRun['mechanism'][],
  ): Promise<BudgetForecast> {
    const budget = await this.#budgetOf(view, units)
    const charges = chargesOf(await this.#sharing(view, units))
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

  async #requireRoom(view: View, units: UnitSet, runs: readonly NewRun[]): Promise<void> {
    if (!view.isIntact) {
      throw new SoftpostError(
        'ledger',
        'entries of the ledger were lost or changed, so what this file has spent is not known; restore its budget file, or say that you go on without',
      )
    }
    const sharing = await this.#sharing(view, units)
    const kinds = new Set(sharing.filter(({ run }) => run.mechanism !== null).map(({ run }) => run.unit))
    if (runs.some(({ unit }) => [...kinds].some((kind) => kind !== unit))) {
      throw new SoftpostError(
        'ledger',
        `earlier runs on these rows protect one ${[...kinds].join(' or one ')}, and no figure adds up both kinds; choose the same again`,
      )
    }
    const known = await this.#unitsOf(view.records)
    if (![...known.values()].every((set) => sidesAgree(set, units))) {
      throw new SoftpostError(
        'conflict',
        'another tab or process has started a run on these rows meanwhile; open the file again and plan again',
      )
    }
    const forecast = await this.#forecastOf(
      view,
      units,
      runs.map(({ mechanism }) => mechanism),
    )
    if (!forecast.fits) throw overBudget(forecast)
  }
}

function chargesOf(entries: readonly Entry[]): Charge[] {
  return entries.flatMap(({ run, stepsSpent, isOver }) => {
    const { mechanism, dealer, series } = run
    // A run that ended before its first step has shown nothing.
    const isVoid = isOver && stepsSpent === 0
    return mechanism === null || isVoid ? [] : [{ mechanism, dealer, series, stepsSpent, isOver }]
  })
}

/** Names of sets of which exact figures were seen. A run without DP shows them while it goes on. */
function seenNames({ records, entries }: View): ReadonlySet<string> {
  const plain = [...entries.values()].filter(({ run, stepsSpent }) => run.mechanism === null && stepsSpent > 0)
  return new Set([
    ...records.flatMap((record) => (record.kind === 'seen' ? [record.units] : [])),
    ...plain.map(({ units }) => units),
  ])
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

function entryOf({ entries }: View, run: string): Entry {
  const entry = entries.get(run)
  if (entry === undefined) {
    throw new SoftpostError('ledger', 'this run is not in the ledger, so it cannot go on; start a new one')
  }
  return entry
}
