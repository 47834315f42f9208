/** What distillation is asked for, and what passes between the thread that steps and those that compute. */
import type { TokenBatch } from '../model/types.ts'

/** One for each term of the loss, or figures of each term. */
export type LossTerms = {
  /** Of the teacher's distribution over the token, softened. */
  readonly ce: number
  /** Of the text itself. */
  readonly lm: number
  /** Of the direction of the last hidden state. */
  readonly cos: number
}

/** Texts padded on the right. */
export type SequenceBatch = TokenBatch & {
  /**
   * What a masked model should say at each token, `[m·T]`, -1 where it is not asked. A causal one should say the next
   * token.
   */
  readonly targets?: Int32Array
}

/** What the terms are averaged over in a whole batch, however it is split. */
export type BatchTotals = {
  readonly tokens: number
  /** Tokens that the model is asked at: of a causal one those that have a next one. */
  readonly targets: number
}

export type GradientRequest = {
  /** The trained part of the student's parameters. */
  readonly values: Float32Array<ArrayBuffer>
  readonly batches: readonly SequenceBatch[]
  readonly totals: BatchTotals
  readonly weights: LossTerms
  readonly temperature: number
}

/** Shares of the batch's means. */
export type GradientSum = { readonly gradient: Float32Array<ArrayBuffer>; readonly terms: LossTerms }

export type ValidationRequest = Pick<GradientRequest, 'values' | 'batches'>

/** Sums over the texts. */
export type ValidationSum = {
  readonly tokens: number
  readonly targets: number
  /** Nats. */
  readonly studentLoss: number
  readonly teacherLoss: number
  /** Tokens at which both find the same one most likely. */
  readonly agreed: number
}

/** One thread's work, or that of all threads together. */
export interface Distiller {
  gradient(request: GradientRequest): Promise<GradientSum>
  validate(request: ValidationRequest): Promise<ValidationSum>
}
