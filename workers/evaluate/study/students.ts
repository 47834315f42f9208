/** The students that were made for an evaluation, and what their making came to. */
import type { DistillRecord } from '../../distill/run.ts'
import type { Recipe } from './plan.ts'

export type MadeStudent = {
  readonly name: string
  readonly recipe: Recipe
  /** Null for layers as they are cut. */
  readonly run: {
    readonly steps: number
    readonly tokens: number
    /** Against the teacher's next token (L_ce), the mean of the last steps on the texts trained on; null where it had no weight. */
    readonly teacherLoss: number | null
    /** On texts kept apart, after the last step. */
    readonly perplexity: number | null
    /** With the teacher's likeliest next token, on the same texts. */
    readonly agreement: number | null
  } | null
}

/** Steps that the loss is the mean of: one step's is of a few texts. */
const LAST_STEPS = 25

export function runOf(records: readonly DistillRecord[]): MadeStudent['run'] {
  const last = records.at(-1)
  if (!last) return null
  const losses = records.flatMap((record) => ('ce' in record ? [record.ce] : [])).slice(-LAST_STEPS)
  const measured = records.findLast((record) => 'perplexity' in record)
  return {
    steps: last.step,
    tokens: last.tokens,
    // A term of weight 0 is not computed, and recorded as 0.
    teacherLoss: losses.some((loss) => loss > 0) ? losses.reduce((sum, loss) => sum + loss, 0) / losses.length : null,
    perplexity: measured?.perplexity ?? null,
    agreement: measured?.agreement ?? null,
  }
}
