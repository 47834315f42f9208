/** From the exact sum of a step to what may be known of it: noise once, then scaling, which is post-processing. */
import { SoftpostError } from '../protocol/errors.ts'
import {
  type ContributionPlan,
  GRADIENT_STEPS,
  GRID_NORM,
  LOSS_BOUND,
  SCORE_STEPS,
  contributionLength,
} from './contribution.ts'
import { addRoundedGaussian } from './noise.ts'
import type { RandomSource } from './random.ts'

export type StepRelease = {
  /** Mean clipped gradient over the expected batch, `plan.size` values; its noise has a deviation of about σC/B. */
  readonly gradient: Float32Array<ArrayBuffer>
  /** Mean loss, cut at the public bound of 4 nats per example. Noise may carry it below 0. */
  readonly loss: number
  /** Share of correct examples. Noise may carry it outside [0, 1]. */
  readonly accuracy: number
  /** Share of units whose gradient was longer than C and was shortened. Noise may carry it outside [0, 1]. */
  readonly clipped: number
}

/**
 * One noised step. `sum` holds the contributions of the sampled units (zeros for an empty sample, which is released
 * like any other) and is left as it is. Nothing may be computed from `sum` beside this.
 *
 * @param options.sigma noise multiplier σ of the plan.
 * @param options.expectedBatch B = qN, a constant of the plan; never the sampled size.
 * @throws SoftpostError `privacy-argument` for numbers out of range, `internal` for a sum that is not one of contributions.
 */
export function releaseStep(
  plan: ContributionPlan,
  sum: Float64Array,
  {
    sigma,
    expectedBatch,
    random,
  }: { readonly sigma: number; readonly expectedBatch: number; readonly random: RandomSource },
): StepRelease {
  if (!(expectedBatch > 0 && expectedBatch < Infinity)) {
    throw new SoftpostError('privacy-argument', `the expected batch must be positive and finite, got ${expectedBatch}`)
  }
  if (sum.length !== contributionLength(plan) || !sum.every(Number.isSafeInteger)) {
    throw new SoftpostError('internal', `releaseStep: ${sum.length} values are no sum of contributions of this plan`)
  }
  const noised = Float64Array.from(sum)
  addRoundedGaussian(noised, sigma * GRID_NORM, random)
  const unit = plan.clipNorm / (GRADIENT_STEPS * expectedBatch)
  const score = (index: number): number => (noised[plan.size + index] ?? 0) / (SCORE_STEPS * expectedBatch) + 0.5
  return {
    gradient: Float32Array.from(noised.subarray(0, plan.size), (value) => value * unit),
    loss: LOSS_BOUND * score(0),
    accuracy: score(1),
    clipped: score(2),
  }
}
