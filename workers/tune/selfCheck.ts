/**
 * Does a run's machinery do what it should? Looked at once, after the first steps, through public and covered figures
 * alone: what was released anyway, noise that is drawn for the check and thrown away, and a made-up text. What comes out
 * is shown and changes nothing: no run is stopped and no C is changed by it.
 */
import { dispersionScore, varianceScore } from '../privacy/audit/statistics.ts'
import { contributionLength, GRADIENT_STEPS, GRID_NORM } from '../privacy/contribution.ts'
import type { RandomSource } from '../privacy/random.ts'
import { releaseStep } from '../privacy/release.ts'
import type { Engine } from '../pool/types.ts'
import type { SelfCheck } from '../protocol/tuner.ts'
import type { PrivacyPlan, TuningPlan } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'

const AFTER_STEPS = 3
/** Standard deviations; chance goes beyond five once in two million checks. */
const SURE = 5
/** Noise drawn for the check: 5 % too little of it is seven standard deviations. */
const DRAWS = 40_000
/** Tokens of the made-up text. */
const TEXT_LENGTH = 8

export function isDue({ steps }: TuningPlan, stepsDone: number): boolean {
  return stepsDone === Math.min(AFTER_STEPS, steps)
}

export type SelfCheckRequest = {
  readonly engine: Pick<Engine, 'tune'>
  readonly plan: TuningPlan
  readonly labelTokens: LabelTokens | null
  /** The prompt before the first of these steps, and now. */
  readonly before: Float32Array
  readonly prompt: Float32Array<ArrayBuffer>
  /** What the last step released. */
  readonly gradient: Float32Array
  readonly random: RandomSource
}

/** @param step its place in the plan. */
export async function selfCheck(request: SelfCheckRequest, step: number): Promise<SelfCheck> {
  const { plan, before, prompt, gradient, random } = request
  const { privacy } = plan
  return {
    step,
    moved: prompt.some((value, index) => value !== before[index]),
    noise:
      privacy === null
        ? null
        : isNoiseSound(plan, privacy, random) && isReleaseSound(gradient, deviationOf(plan, privacy), plan, privacy),
    finite: await isGradientFinite(request),
  }
}

/** Of the noise on a value of a released gradient. */
function deviationOf({ batchSize }: TuningPlan, { sigma, clipNorm }: PrivacyPlan): number {
  return (sigma * clipNorm * GRID_NORM) / GRADIENT_STEPS / batchSize
}

/** Releases of nothing, which are noise of which all is known. */
function isNoiseSound(plan: TuningPlan, privacy: PrivacyPlan, random: RandomSource): boolean {
  const contribution = { size: DRAWS, clipNorm: privacy.clipNorm }
  const { gradient } = releaseStep(contribution, new Float64Array(contributionLength(contribution)), {
    sigma: privacy.sigma,
    expectedBatch: plan.batchSize,
    random,
  })
  return Math.abs(varianceScore(Float64Array.from(gradient), deviationOf(plan, privacy) ** 2)) < SURE
}

/**
 * What was released is noise and the sum of the batch, which can but lengthen it, and not by more than the gradients of
 * a batch six standard deviations above the expected size.
 */
export function isReleaseSound(
  gradient: Float32Array,
  deviation: number,
  { batchSize }: Pick<TuningPlan, 'batchSize'>,
  { clipNorm }: Pick<PrivacyPlan, 'clipNorm'>,
): boolean {
  const count = gradient.length
  const squares = gradient.reduce((sum, value) => sum + value * value, 0)
  const most = clipNorm * (1 + 6 / Math.sqrt(batchSize) + 6 / batchSize)
  const least = Math.max(0, Math.sqrt(squares) - most)
  return (
    dispersionScore(squares / count / deviation ** 2, { count }) > -SURE &&
    dispersionScore(least ** 2 / count / deviation ** 2, { count }) < SURE
  )
}

/** An example whose gradient is not finite adds nothing at all; any other adds its curve figures at least. */
async function isGradientFinite({ engine, plan, labelTokens, prompt }: SelfCheckRequest): Promise<boolean> {
  const { sum } = await engine.tune({
    slot: 'student',
    prompt,
    promptLength: plan.promptLength,
    labelTokens,
    examples: [{ ids: new Int32Array(TEXT_LENGTH), read: [TEXT_LENGTH - 1], targets: [0], cut: false }],
    labels: [0],
    contribution: { kind: 'clipped', clipNorm: plan.privacy?.clipNorm ?? 1 },
  })
  return sum.some((value) => value !== 0)
}
