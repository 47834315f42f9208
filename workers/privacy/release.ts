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
 * The noise of one step, drawn before its sum is known: what it is does not depend on the sum, and drawing takes time
 * that the device needs for the sum anyway. It is added once: the same noise on two sums would cancel in their difference.
 */
export class StepNoise {
  readonly #plan: ContributionPlan
  #values: Float64Array | null

  /**
   * @param sigma noise multiplier σ of the plan.
   * @throws SoftpostError `privacy-argument` for a σ out of range.
   */
  constructor(plan: ContributionPlan, sigma: number, random: RandomSource) {
    const values = new Float64Array(contributionLength(plan))
    addRoundedGaussian(values, sigma * GRID_NORM, random)
    this.#plan = plan
    this.#values = values
  }

  /**
   * One noised step. `sum` holds the contributions of the sampled units (zeros for an empty sample, which is released
   * like any other) and is left as it is. Nothing may be computed from `sum` beside this.
   *
   * @param expectedBatch B = qN, a constant of the plan; never the sampled size.
   * @throws SoftpostError `privacy-argument` for a batch out of range, `internal` for a sum that is not one of
   *   contributions and for noise that was used before.
   */
  release(sum: Float64Array, expectedBatch: number): StepRelease {
    const plan = this.#plan
    if (!(expectedBatch > 0 && expectedBatch < Infinity)) {
      throw new SoftpostError(
        'privacy-argument',
        `the expected batch must be positive and finite, got ${expectedBatch}`,
      )
    }
    if (sum.length !== contributionLength(plan) || !sum.every(Number.isSafeInteger)) {
      throw new SoftpostError('internal', `StepNoise: ${sum.length} values are no sum of contributions of this plan`)
    }
    const noise = this.#values
    this.#values = null
    if (noise === null) throw new SoftpostError('internal', 'StepNoise: this noise was used before')
    const noised = sum.map((value, index) => value + (noise[index] ?? Number.NaN))
    const unit = plan.clipNorm / (GRADIENT_STEPS * expectedBatch)
    const score = (index: number): number => (noised[plan.size + index] ?? 0) / (SCORE_STEPS * expectedBatch) + 0.5
    return {
      gradient: Float32Array.from(noised.subarray(0, plan.size), (value) => value * unit),
      loss: LOSS_BOUND * score(0),
      accuracy: score(1),
      clipped: score(2),
    }
  }
}

/** Draws noise and releases a sum that is there already; see {@link StepNoise}. */
export function releaseStep(
  plan: ContributionPlan,
  sum: Float64Array,
  {
    sigma,
    expectedBatch,
    random,
  }: { readonly sigma: number; readonly expectedBatch: number; readonly random: RandomSource },
): StepRelease {
  return new StepNoise(plan, sigma, random).release(sum, expectedBatch)
}
