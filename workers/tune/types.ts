/** A tuning run as the code that stores and shows it sees it. */
import type { HeldOutReport, SelfCheck, StepPoint } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { Reopen, TuningEngine } from '../pool/recovering.ts'
import type { LabelTokens } from '../task/answers.ts'
import type { Encoded } from '../task/types.ts'

/** Everything that a later step depends on; cloneable, stored after each block. */
export type TuningState = {
  readonly prompt: Float32Array<ArrayBuffer>
  readonly moments: { readonly m: Float32Array<ArrayBuffer>; readonly v: Float32Array<ArrayBuffer> }
  readonly stepsDone: number
  /** The best look at held-out units so far and the last one; not there before the first. */
  readonly looks?: { readonly best: Look; readonly last: Look }
}

/** A look at held-out units, with the prompt that was looked at. */
export type Look = {
  readonly report: HeldOutReport
  readonly prompt: Float32Array<ArrayBuffer>
  /** What chance alone makes of the difference to another look's accuracy: one standard error, or less. */
  readonly error: number
}

/** Rows ready for the model. `heldOut` comes from one CSPRNG coin per unit, drawn once per file and kept with the run. */
export type TuningRows = {
  readonly encoded: readonly Encoded[]
  /** Class index of each row; 0 where answers are texts. */
  readonly labels: Int32Array<ArrayBuffer>
  /** 1 where the row is held out; the same for all rows of a person. */
  readonly heldOut: Uint8Array<ArrayBuffer>
  /** Whose row it is: 0, 1, … in order of their first rows. Not there where no column names persons. */
  readonly persons?: Int32Array<ArrayBuffer>
}

export type TuningHooks = {
  /** Must be durable before it returns: `spentSteps` steps of the budget are used from now on. */
  reserve(spentSteps: number): Promise<void>
  /** After each block: the state to go on from. */
  checkpoint(state: TuningState): Promise<void>
  onStep(point: StepPoint, pace: { readonly examplesPerSecond: number; readonly secondsLeft: number }): void
  onHeldOut(report: HeldOutReport): void
  /** Asked for once, after the first steps; not there where nobody would look at it. */
  onSelfCheck?(report: SelfCheck): void
  /** Asked between steps. A pause or stop ends the block at its last finished step; its reserved steps stay spent. */
  wish(): 'go' | 'pause' | 'stop'
}

export type TuningJob = {
  readonly engine: TuningEngine
  /** Asked when the device is lost in mid-step, which is then finished with the same batch. */
  readonly reopen?: Reopen
  readonly plan: TuningPlan
  /** Null where the task's answers are texts: the rows carry their tokens. */
  readonly labelTokens: LabelTokens | null
  readonly rows: TuningRows
  readonly state: TuningState
  /** Steps whose budget is spent already: at least `state.stepsDone`. */
  readonly spentSteps: number
  readonly hooks: TuningHooks
}

export type TuningEnd = 'finished' | 'paused' | 'stopped'
