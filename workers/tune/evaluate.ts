/** How the prompt does on held-out units: counts, with noise in a DP run. */
import { scoreClasses } from '../evaluate/classify.ts'
import { predictClasses } from '../evaluate/metrics.ts'
import type { Engine } from '../pool/types.ts'
import { COUNT_STEPS, countUnits, noisyCounts } from '../privacy/heldOut.ts'
import type { RandomSource } from '../privacy/random.ts'
import type { HeldOutReport } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import { softPromptOf } from './prompt.ts'
import type { TuningRows } from './types.ts'
import type { Units } from './grouping.ts'

export type EvaluationRequest = {
  readonly engine: Pick<Engine, 'classify'>
  readonly plan: TuningPlan
  readonly labelTokens: readonly (readonly number[])[]
  readonly rows: TuningRows
  /** At least one of them is held out. */
  readonly units: Units
  readonly prompt: Float32Array<ArrayBuffer>
  readonly random: RandomSource
}

/** @param step spent steps, as the plan's evaluations are counted. */
export async function evaluateHeldOut(request: EvaluationRequest, step: number): Promise<HeldOutReport> {
  const { plan, labelTokens, rows, units, prompt, random } = request
  const heldOut = Array.from(units.heldOut, (unit) => units.rowsOf(unit))
  const scores = await scoreClasses({
    engine: request.engine,
    slot: 'student',
    prompt: softPromptOf(plan, prompt),
    labelTokens,
    examples: heldOut.flat().flatMap((row) => rows.encoded[row] ?? []),
  })
  const predictions = predictClasses(scores)[Symbol.iterator]()
  const answers = heldOut.map((own) =>
    own.map((row) => ({ truth: rows.labels[row] ?? 0, predicted: predictions.next().value ?? 0 })),
  )
  const counts = countUnits(answers, labelTokens.length)
  const { privacy } = plan
  const released = privacy === null ? counts : noisyCounts(counts, privacy.heldOutSigma, random)
  const correct = released.reduce((sum, row, index) => sum + (row[index] ?? 0), 0)
  // Over the number of units held out, which is public. Noise may carry the share outside its range.
  const accuracy = Math.min(1, Math.max(0, correct / COUNT_STEPS / heldOut.length))
  // Adding 0 makes a -0 a 0.
  const confusion = released.map((row) => row.map((count) => Math.round(count / COUNT_STEPS) + 0))
  return { step, accuracy, confusion, covered: privacy !== null }
}
