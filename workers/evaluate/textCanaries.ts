/**
 * The one-run audit of a real run: made-up texts among a file's rows, each in or out by a fair coin, and guesses from the
 * finished prompt about which were in. The texts are no person's, so the figures say nothing that the prompt does not.
 */
import type { Engine } from '../pool/types.ts'
import { CONFIDENCE, provenEpsilon } from '../privacy/audit/oneRun.ts'
import { cryptoRandom, forEachPair, type RandomSource } from '../privacy/random.ts'
import { heldOutCoins } from '../privacy/sampler.ts'
import type { TextAuditReport } from '../protocol/audit.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { Encoded } from '../task/types.ts'
import { labelLoss } from '../tune/labelLoss.ts'
import { softPromptOf } from '../tune/prompt.ts'
import { scoreClasses } from './classify.ts'
import { tuneMeasured } from './measuredRun.ts'

export type LabelledText = { readonly text: string; readonly label: number }
export type LabelledRow = { readonly encoded: Encoded; readonly label: number }

export type TextAuditJob = {
  readonly engine: Engine
  /** For as many rows as there are rows and canaries together, whatever the coins. */
  readonly plan: TuningPlan
  readonly labelTokens: readonly (readonly number[])[]
  readonly rows: readonly LabelledRow[]
  readonly canaries: readonly LabelledRow[]
  readonly prompt: Float32Array<ArrayBuffer>
  /** For the bound: the plan's own, where it has one. */
  readonly delta: number
}

/** With fewer nothing is shown, however many guesses are right. */
export const LEAST_CANARIES = 20

const CONSONANTS = 'bdfgklmnprstvz'
const VOWELS = 'aeiou'
const WORDS = 6
const SYLLABLES = 3

/** Texts of words that are none, each with a label by chance: nothing but memory can know it. */
export function madeUpTexts(count: number, classes: number, random: RandomSource = cryptoRandom): LabelledText[] {
  const numbers: number[] = []
  const draws = WORDS * SYLLABLES * 2 + 1
  forEachPair(random, count * draws, (_, high) => numbers.push(high))
  return Array.from({ length: count }, (_, index) => {
    const own = numbers.slice(index * draws, (index + 1) * draws)
    const letters = own.slice(1).map((word, at) => pick(at % 2 === 0 ? CONSONANTS : VOWELS, word))
    const text = Array.from({ length: WORDS }, (_, at) =>
      letters.slice(at * SYLLABLES * 2, (at + 1) * SYLLABLES * 2).join(''),
    ).join(' ')
    return { text, label: Math.floor(((own[0] ?? 0) / 2 ** 32) * classes) }
  })
}

function pick(from: string, word: number): string {
  return from[Math.floor((word / 2 ** 32) * from.length)] ?? ''
}

/**
 * Guesses about half of the canaries: the quarter whose loss the prompt lowered most was in, the quarter that it
 * lowered least was out.
 *
 * @param onBlock before each block of steps, with the steps that are spent from then on.
 * @throws SoftpostError `usage` for too few canaries, and what engine and `onBlock` throw.
 */
export async function auditWithTexts(
  job: TextAuditJob,
  onBlock: (stepsSpent: number) => Promise<void>,
): Promise<TextAuditReport> {
  const { plan, rows, canaries, delta } = job
  const count = canaries.length
  if (count < LEAST_CANARIES) {
    throw new SoftpostError('usage', `an audit takes ${LEAST_CANARIES} made-up texts or more, got ${count}`)
  }
  const present = heldOutCoins(count, 0.5, cryptoRandom)
  const chosen = [...rows, ...canaries.filter((_, canary) => present[canary] === 1)]
  const prompt = await tuneMeasured({ ...job, rows: chosen }, onBlock)
  const before = await losses(job, null)
  const after = await losses(job, softPromptOf(plan, prompt))
  const gain = (canary: number): number => (before[canary] ?? 0) - (after[canary] ?? 0)
  const order = [...canaries.keys()].sort((a, b) => gain(b) - gain(a))
  const quarter = Math.floor(count / 4)
  const correct =
    order.slice(0, quarter).filter((canary) => present[canary] === 1).length +
    order.slice(-quarter).filter((canary) => present[canary] === 0).length
  const guesses = 2 * quarter
  return {
    canaries: count,
    guesses,
    correct,
    epsilonLower: provenEpsilon({ canaries: count, guesses, correct }, { delta }),
    confidence: CONFIDENCE,
    epsilon: plan.privacy?.epsilonPlanned ?? null,
    delta,
    rows: rows.length,
    steps: plan.steps,
    batchSize: plan.batchSize,
  }
}

/** Of each canary's label, in nats. */
async function losses(
  { engine, labelTokens, canaries }: TextAuditJob,
  prompt: SoftPrompt | null,
): Promise<Float64Array> {
  const examples = canaries.map(({ encoded }) => encoded)
  const { values, classes } = await scoreClasses({ engine, slot: 'student', prompt, labelTokens, examples })
  return Float64Array.from(canaries, ({ label }, row) => labelLoss(values, row, { classes, label }).loss)
}
