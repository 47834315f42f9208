/** How the prompt does on held-out units: counts, with noise in a DP run. */
import { scoreClasses } from '../evaluate/classify.ts'
import { judgeAnswers } from '../evaluate/judge.ts'
import { predictClasses } from '../evaluate/metrics.ts'
import type { Engine } from '../pool/types.ts'
import { COUNT_STEPS, countUnits, noisyCounts, type Answer } from '../privacy/heldOut.ts'
import type { RandomSource } from '../privacy/random.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { HeldOutReport } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'
import { softPromptOf } from './prompt.ts'
import type { TuningRows } from './types.ts'
import type { Units } from './grouping.ts'

export type EvaluationRequest = {
  readonly engine: Pick<Engine, 'classify' | 'judge'>
  readonly plan: TuningPlan
  readonly labelTokens: LabelTokens | null
  readonly rows: TuningRows
  /** At least one of them is held out. */
  readonly units: Units
  readonly prompt: Float32Array<ArrayBuffer>
  readonly random: RandomSource
}

/** @param step spent steps, as the plan's evaluations are counted. */
export async function evaluateHeldOut(request: EvaluationRequest, step: number): Promise<HeldOutReport> {
  const { plan, labelTokens, units, prompt, random } = request
  const heldOut = Array.from(units.heldOut, (unit) => units.rowsOf(unit))
  const softPrompt = softPromptOf(plan, prompt)
  const { answers, shape } =
    labelTokens === null
      ? await judgeRows(request, heldOut.flat(), softPrompt)
      : await classifyRows({ ...request, labelTokens }, heldOut.flat(), softPrompt)
  const given = answers[Symbol.iterator]()
  const ofUnits = heldOut.map((own) => own.flatMap(() => given.next().value ?? []))
  const counts = countUnits(ofUnits, ...shape)
  const { privacy } = plan
  const released = privacy === null ? counts : noisyCounts(counts, privacy.heldOutSigma, random)
  const correct = released.reduce((sum, row, index) => sum + (row[index] ?? 0), 0)
  // Over the number of units held out, which is public. Noise may carry the share outside its range.
  const accuracy = Math.min(1, Math.max(0, correct / COUNT_STEPS / heldOut.length))
  // Adding 0 makes a -0 a 0.
  const confusion = released.map((row) => row.map((count) => Math.round(count / COUNT_STEPS) + 0))
  return { step, accuracy, confusion, covered: privacy !== null }
}

type Answered = { readonly answers: readonly Answer[]; readonly shape: readonly [truths: number, predictions: number] }

async function classifyRows(
  { engine, labelTokens, rows }: Pick<EvaluationRequest, 'engine' | 'rows'> & { readonly labelTokens: LabelTokens },
  places: readonly number[],
  prompt: SoftPrompt,
): Promise<Answered> {
  const examples = places.flatMap((row) => rows.encoded[row] ?? [])
  const scores = await scoreClasses({ engine, slot: 'student', prompt, labelTokens, examples })
  const predictions = predictClasses(scores)
  const answers = places.map((row, at) => ({ truth: rows.labels[row] ?? 0, predicted: predictions[at] ?? 0 }))
  return { answers, shape: [labelTokens.length, labelTokens.length] }
}

/** Of answers that are texts: whether exactly the row's own would be written (0) or another (1). */
async function judgeRows(
  { engine, rows }: Pick<EvaluationRequest, 'engine' | 'rows'>,
  places: readonly number[],
  prompt: SoftPrompt,
): Promise<Answered> {
  const judgements = await judgeAnswers({
    engine,
    slot: 'student',
    prompt,
    examples: places.flatMap((row) => rows.encoded[row] ?? []),
  })
  const answers = judgements.map(({ exact }) => ({ truth: 0, predicted: exact ? 0 : 1 }))
  return { answers, shape: [1, 2] }
}
