/**
 * The database `softpost-work`: all that a run needs to go on after the tab was closed, and the ledger of all runs. It
 * never leaves the device.
 */
import type { DBSchema } from 'idb'
import type { Counter } from '../../privacy/ledger/entries.ts'
import type { Link } from '../../privacy/ledger/records.ts'
import type { UnitSet } from '../../privacy/ledger/units.ts'
import type { ErrorReport } from '../../protocol/errors.ts'
import type { BudgetFile } from '../../protocol/ledger.ts'
import type { HeldOutReport, RunStatus, SelfCheck, StepPoint } from '../../protocol/tuner.ts'
import type { TuningPlan, WeightFormat } from '../../protocol/tuning.ts'
import type { LabelTokens } from '../../task/answers.ts'
import type { TuningState } from '../../tune/types.ts'
import type { PackedRows } from './packedRows.ts'

/** Raised with each change of the stores below; `openWorkDatabase` brings older ones up to it. */
export const WORK_VERSION = 3

/** On the disk when the call returns, not only in the browser's memory: what is spent must outlive a power cut. */
export const DURABLE = { durability: 'strict' } as const

/** The student that a run was made for: no other may go on with it. Without `weights` they are the files' numbers. */
export type StudentKey = {
  readonly id: string
  readonly sha256: string
  readonly layers: number
  readonly weights?: WeightFormat
}

export type StoredRun = {
  readonly runId: string
  readonly createdAt: number
  readonly dataName: string
  readonly plan: TuningPlan
  readonly student: StudentKey
  /** Token ids of the label words, one list per class; null where answers are texts. */
  readonly labelTokens: LabelTokens | null
  readonly status: RunStatus
  readonly stepsDone: number
  readonly stepsSpent: number
  readonly epsilonSpent: number | null
  readonly points: readonly StepPoint[]
  readonly heldOut: HeldOutReport | null
  /** The look at the prompt that may be taken instead; not there in runs from before there was a choice. */
  readonly other?: HeldOutReport | null
  /** Not there until it is done, and in runs from before there was one. */
  readonly selfCheck?: SelfCheck
  /** Why it failed. */
  readonly error: ErrorReport | null
}

export interface WorkSchema extends DBSchema {
  runs: { key: string; value: StoredRun }
  /** The encoded rows of a run that is not over, by its id. */
  rows: { key: string; value: PackedRows }
  /** The last checkpoint of each run, by its id. */
  states: { key: string; value: TuningState }
  /** Links of the ledger, by their place. */
  ledger: { key: number; value: Link }
  ledgerFacts: { key: 'identity' | 'last'; value: LedgerIdentity | string }
  /** Sets of units, by their names. */
  units: { key: string; value: UnitSet }
  /** What is spent of each run in the ledger, by its id. A run that is deleted stays in the ledger. */
  counters: { key: string; value: Counter }
  /** Parts of restored backups about data files that nobody has opened here yet, by their hashes. */
  waiting: { key: string; value: BudgetFile }
}

/** The ledger's name, and its key for fingerprints and links: made once, in this browser, not to be exported. */
export type LedgerIdentity = { readonly id: string; readonly key: CryptoKey }
