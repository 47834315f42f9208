/**
 * What an attacker could tell: prompts are tuned on random halves of some rows, as the run is, and the likelihood ratio
 * attack guesses which rows each of them saw. Its figures are private like the rows.
 */
import type { Engine } from '../pool/types.ts'
import { likelihoodRatios, type Shadow } from '../privacy/audit/lira.ts'
import { judgeGuesses } from '../privacy/audit/roc.ts'
import { cryptoRandom } from '../privacy/random.ts'
import { heldOutCoins } from '../privacy/sampler.ts'
import type { AttackReport } from '../protocol/audit.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import { softPromptOf } from '../tune/prompt.ts'
import type { TuningRows } from '../tune/types.ts'
import { ceilingOf } from './attackPlan.ts'
import { scoreClasses } from './classify.ts'
import { tuneMeasured } from './measuredRun.ts'
import type { Scores } from './metrics.ts'

export type AttackJob = {
  readonly engine: Engine
  /** For half as many rows as there are; see `attackPlan`. */
  readonly plan: TuningPlan
  readonly labelTokens: readonly (readonly number[])[]
  /** Rows to be told apart, of which none is held out. */
  readonly rows: Pick<TuningRows, 'encoded' | 'labels'>
  /** Where every prompt starts. */
  readonly prompt: Float32Array<ArrayBuffer>
  readonly shadows: number
}

export type AttackHooks = {
  /** `share` from 0 to 1. Errors end the attack. */
  onProgress(share: number): void | Promise<void>
}

/** With fewer prompts hardly any row was seen by two of the others and not seen by two. */
export const LEAST_SHADOWS = 6
/** With fewer rows the figures are chance. */
const LEAST_ROWS = 20

/** @throws SoftpostError `usage` for too few prompts or rows; to be asked before the long work. */
export function requireAttack(shadows: number, rows: number): void {
  if (!(Number.isSafeInteger(shadows) && shadows >= LEAST_SHADOWS)) {
    throw new SoftpostError('usage', `an attack needs ${LEAST_SHADOWS} prompts or more, got ${shadows}`)
  }
  if (rows < LEAST_ROWS) {
    throw new SoftpostError('usage', `an attack needs ${LEAST_ROWS} rows or more, got ${rows}; use a larger file`)
  }
}

/** @throws SoftpostError `usage` for too few prompts or rows, and what engine and hooks throw. */
export async function attackMembership(job: AttackJob, hooks: AttackHooks): Promise<AttackReport> {
  const { plan, rows, shadows } = job
  const size = rows.encoded.length
  requireAttack(shadows, size)
  const done: Shadow[] = []
  for (let index = 0; index < shadows; index += 1) {
    // Independent coins, not halves of equal size: how many others saw a row must not tell whether this prompt did.
    const member = heldOutCoins(size, 0.5, cryptoRandom)
    const chosen = rows.encoded.flatMap((encoded, row) =>
      member[row] === 1 ? [{ encoded, label: rows.labels[row] ?? 0 }] : [],
    )
    let spent = 0
    const prompt = await tuneMeasured({ ...job, rows: chosen }, async (steps) => {
      await hooks.onProgress((index + spent / plan.steps) / shadows)
      spent = steps
    })
    done.push({ member, confidence: await confidences(job, prompt) })
  }
  const { privacy } = plan
  return {
    shadows,
    rows: size,
    steps: plan.steps,
    batchSize: plan.batchSize,
    epsilon: privacy?.epsilonPlanned ?? null,
    delta: privacy?.delta ?? null,
    ...judgeGuesses(likelihoodRatios(done), ceilingOf(plan), cryptoRandom),
  }
}

/** Log odds of each row's true label under a prompt. */
async function confidences(
  { engine, plan, labelTokens, rows }: AttackJob,
  prompt: Float32Array<ArrayBuffer>,
): Promise<Float64Array> {
  const scores = await scoreClasses({
    engine,
    slot: 'student',
    prompt: softPromptOf(plan, prompt),
    labelTokens,
    examples: rows.encoded,
  })
  return Float64Array.from(rows.labels, (label, row) => logOdds(scores, row, label))
}

/** ln(p / (1-p)) of the label's probability, from the scores themselves: p may be too near to 0 or 1 for a double. */
export function logOdds({ values, classes }: Scores, row: number, label: number): number {
  const own = values.subarray(row * classes, (row + 1) * classes)
  const others = [...own].filter((_, index) => index !== label)
  const top = Math.max(...others)
  return (own[label] ?? Number.NaN) - top - Math.log(others.reduce((sum, score) => sum + Math.exp(score - top), 0))
}
