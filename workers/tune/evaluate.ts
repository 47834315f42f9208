/** How the prompt does on held-out rows: counts, with noise in a DP run. */
import { scoreClasses } from '../evaluate/classify.ts'
import { measure, predictClasses } from '../evaluate/metrics.ts'
import type { Engine } from '../pool/types.ts'
import { noisyConfusion } from '../privacy/heldOut.ts'
import type { RandomSource } from '../privacy/random.ts'
import type { HeldOutReport } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import { softPromptOf } from './prompt.ts'
import type { TuningRows } from './types.ts'

export type EvaluationRequest = {
  readonly engine: Engine
  readonly plan: TuningPlan
  readonly labelTokens: readonly (readonly number[])[]
  readonly rows: TuningRows
  /** The held-out rows; at least one. */
  readonly heldOut: Uint32Array
  readonly prompt: Float32Array<ArrayBuffer>
  readonly random: RandomSource
}

/** @param step spent steps, as the plan's evaluations are counted. */
export async function evaluateHeldOut(request: EvaluationRequest, step: number): Promise<HeldOutReport> {
  const { plan, labelTokens, rows, prompt, random } = request
  const heldOut = Array.from(request.heldOut)
  const scores = await scoreClasses({
    engine: request.engine,
    slot: 'student',
    prompt: softPromptOf(plan, prompt),
    labelTokens,
    examples: heldOut.flatMap((row) => rows.encoded[row] ?? []),
  })
  const labels = heldOut.map((row) => rows.labels[row] ?? 0)
  const counts = measure(labels, predictClasses(scores), labelTokens.length).confusion
  const { privacy } = plan
  const confusion = privacy === null ? counts : noisyConfusion(counts, privacy.heldOutSigma, random)
  const correct = confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0)
  // Over the number of rows held out, which is public. Noise may carry the share outside its range.
  const accuracy = Math.min(1, Math.max(0, correct / heldOut.length))
  return { step, accuracy, confusion, covered: privacy !== null }
}
