/** What the records say, taken together. */
import type { LedgerRun } from '../../protocol/ledger.ts'
import type { LedgerRecord } from './records.ts'

/** A run as it stands. */
export type Entry = {
  readonly run: LedgerRun
  /** Name of its units. */
  readonly units: string
  /** Steps whose budget is spent. */
  readonly stepsSpent: number
  /** No step will follow. */
  readonly isOver: boolean
  readonly released: boolean
  readonly saved: boolean
}

/** What changes while a run goes on, and stands beside the records. */
export type Counter = { readonly stepsSpent: number; readonly saved: boolean }

export const NOTHING_SPENT: Counter = { stepsSpent: 0, saved: false }

/** Runs by their ids, in the order in which they were reserved. */
export function entriesOf(
  records: readonly LedgerRecord[],
  counters: ReadonlyMap<string, Counter>,
): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const record of records) {
    if (record.kind === 'run') {
      const { run, units } = record
      const counter = counters.get(run.id) ?? NOTHING_SPENT
      // A second record of a run says where it counts since its units were lost.
      const before = entries.get(run.id) ?? { run, ...counter, isOver: false, released: false }
      entries.set(run.id, { ...before, units })
    } else if (record.kind === 'end' || record.kind === 'release') {
      const entry = entries.get(record.run)
      if (entry !== undefined) entries.set(record.run, changed(entry, record))
    }
  }
  return entries
}

function changed(entry: Entry, record: Extract<LedgerRecord, { kind: 'end' | 'release' }>): Entry {
  if (record.kind === 'release') return { ...entry, released: true }
  // The counter is outside of the chain; it can only say more than the record.
  return { ...entry, isOver: true, stepsSpent: Math.max(entry.stepsSpent, record.stepsSpent) }
}

/** The last choice for one of these units' sets; null where nobody chose. */
export function chosenBudget(
  records: readonly LedgerRecord[],
  units: ReadonlySet<string>,
): { readonly epsilon: number; readonly delta: number } | null {
  const last = records.findLast((record) => record.kind === 'budget' && units.has(record.units))
  return last?.kind === 'budget' ? { epsilon: last.epsilon, delta: last.delta } : null
}
