/** The database `softpost-work`: all that a run needs to go on after the tab was closed. It never leaves the device. */
import type { DBSchema } from 'idb'
import type { ErrorReport } from '../../protocol/errors.ts'
import type { HeldOutReport, RunStatus, StepPoint } from '../../protocol/tuner.ts'
import type { TuningPlan } from '../../protocol/tuning.ts'
import type { TuningState } from '../../tune/types.ts'
import type { PackedRows } from './packedRows.ts'

/** Raised with each change of the stores below; `openWorkDatabase` brings older ones up to it. */
export const WORK_VERSION = 1

/** The student that a run was made for: no other may go on with it. */
export type StudentKey = { readonly id: string; readonly sha256: string; readonly layers: number }

export type StoredRun = {
  readonly runId: string
  readonly createdAt: number
  readonly dataName: string
  readonly plan: TuningPlan
  readonly student: StudentKey
  /** Token ids of the label words, one list per class. */
  readonly labelTokens: readonly (readonly number[])[]
  readonly status: RunStatus
  readonly stepsDone: number
  readonly stepsSpent: number
  readonly epsilonSpent: number | null
  readonly points: readonly StepPoint[]
  readonly heldOut: HeldOutReport | null
  /** Why it failed. */
  readonly error: ErrorReport | null
}

export interface WorkSchema extends DBSchema {
  runs: { key: string; value: StoredRun }
  /** The encoded rows of a run that is not over, by its id. */
  rows: { key: string; value: PackedRows }
  /** The last checkpoint of each run, by its id. */
  states: { key: string; value: TuningState }
}
