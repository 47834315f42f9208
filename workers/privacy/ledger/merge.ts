/** A file's runs as a file of their own, and back. */
import { SoftpostError } from '../../protocol/errors.ts'
import { BudgetFile, type LedgerRun } from '../../protocol/ledger.ts'
import { NOTHING_SPENT, type Counter, type Entry } from './entries.ts'
import { canonical, type LedgerRecord } from './records.ts'

type Limit = { readonly epsilon: number; readonly delta: number }

export function budgetFileOf({
  dataName,
  entries,
  budget,
  seen,
}: {
  readonly dataName: string
  readonly entries: readonly Entry[]
  readonly budget: Limit | null
  /** Whether exact figures were looked at. */
  readonly seen: boolean
}): BudgetFile {
  return {
    format: 'softpost-budget',
    version: 1,
    dataName,
    budget: budget === null ? null : { epsilon: budget.epsilon, delta: budget.delta },
    ...(seen ? { seen } : {}),
    runs: entries.map(({ run, stepsSpent, released }) => ({ run, stepsSpent, released })),
  }
}

/** Errors: `ledger` for bytes that are no budget file. */
export function parseBudgetFile(bytes: Uint8Array): BudgetFile {
  try {
    return BudgetFile.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw new SoftpostError('ledger', 'this is not a budget file; choose one that Softpost saved', { cause: error })
  }
}

export type Merged = {
  readonly records: readonly LedgerRecord[]
  readonly counters: ReadonlyMap<string, Counter>
  /** Runs that were not known. */
  readonly added: number
}

/**
 * What a budget file adds to the entries. Each thing can only grow: runs, spent steps, released prompts, what was seen; of two chosen
 * budgets the smaller stays. Hence files may be merged in any order and as often as one likes.
 *
 * @throws SoftpostError `ledger` where the file contradicts an entry.
 */
export function mergeOf(
  file: BudgetFile,
  own: {
    readonly entries: ReadonlyMap<string, Entry>
    readonly units: string
    /** Whether the units of a run are still there; one without would count for no file. */
    readonly hasUnits: (name: string) => boolean
    readonly chosen: Limit | null
    readonly seen: boolean
    readonly at: number
  },
): Merged {
  const records: LedgerRecord[] = []
  const counters = new Map<string, Counter>()
  const runs = new Map(file.runs.map((each) => [each.run.id, each]))
  let added = 0
  for (const { run, stepsSpent, released } of runs.values()) {
    requirePossible(run, stepsSpent)
    const known = own.entries.get(run.id)
    if (known === undefined) {
      records.push({ kind: 'run', run, units: own.units })
      added += 1
    } else if (canonical(known.run) !== canonical(run)) {
      throw contradiction()
    } else if (!own.hasUnits(known.units)) {
      records.push({ kind: 'run', run, units: own.units })
    }
    if (released && known?.released !== true) records.push({ kind: 'release', run: run.id })
    const { stepsSpent: before, saved } = known ?? NOTHING_SPENT
    if (stepsSpent > before || !saved) counters.set(run.id, { stepsSpent: Math.max(stepsSpent, before), saved: true })
  }
  if (file.seen === true && !own.seen) records.push({ kind: 'seen', units: own.units, at: own.at })
  const { budget } = file
  if (budget !== null && budget.epsilon < (own.chosen?.epsilon ?? Infinity)) {
    records.push({ kind: 'budget', units: own.units, ...budget })
  }
  return { records, counters, added }
}

/**
 * Whether files that are merged later, each when its rows are known, can be: what they say is possible, and of a run that
 * several name they say the same.
 *
 * @throws SoftpostError `ledger`
 */
export function requireMergeable(files: readonly BudgetFile[]): void {
  const said = new Map<string, string>()
  for (const { run, stepsSpent } of files.flatMap(({ runs }) => runs)) {
    requirePossible(run, stepsSpent)
    const text = canonical(run)
    if ((said.get(run.id) ?? text) !== text) throw contradiction()
    said.set(run.id, text)
  }
}

function contradiction(): SoftpostError {
  return new SoftpostError(
    'ledger',
    'the file and what is known here say different things about one run; one was changed, so nothing was merged',
  )
}

function requirePossible({ mechanism }: LedgerRun, stepsSpent: number): void {
  if (mechanism === null || stepsSpent <= mechanism.steps) return
  throw new SoftpostError(
    'ledger',
    `the budget file says ${stepsSpent} spent steps of ${mechanism.steps}; it is broken`,
  )
}
