/**
 * The sum of rows' contributions, formed where their gradients are: only the sum leaves the GPU, once a step.
 *
 * For rows that are units of their own. A person's rows are averaged in double precision, which `UnitSum` does.
 */
import { keep, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import {
  GRADIENT_STEPS,
  GRID_NORM,
  LOSS_BOUND,
  SCORE_STEPS,
  contributionLength,
  shrinkFor,
  type ContributionPlan,
} from '../privacy/contribution.ts'
import { clipToGrid, hasClipGrid, MOST_SUMMED, sumOnGrid, type GridPlan } from '../runtime/kernels/clipGrid/clipGrid.ts'
import { takeIntegers } from '../runtime/tensors.ts'
import type { AnswerHead } from './answerHead.ts'

/** A question of backend, model and plan alone: all rows of a run go the same way. */
export function hasDeviceSum(plan: ContributionPlan, { givesFigures }: Pick<AnswerHead, 'givesFigures'>): boolean {
  return hasClipGrid(plan) && givesFigures
}

export class DeviceSum {
  readonly #plan: GridPlan
  readonly #length: number
  readonly #mostSummed: number
  /** Sums of at most `mostSummed` rows each. */
  readonly #sums: Tensor2D[] = []
  /** Rows in the last of them. */
  #rows = 0

  constructor(plan: ContributionPlan, mostSummed = MOST_SUMMED) {
    this.#mostSummed = mostSummed
    this.#length = contributionLength(plan)
    this.#plan = {
      ...plan,
      gridNorm: GRID_NORM,
      gradientSteps: GRADIENT_STEPS,
      scoreSteps: SCORE_STEPS,
      lossBound: LOSS_BOUND,
      shrink: shrinkFor(this.#length),
    }
  }

  /**
   * The first `count` texts of a microbatch; the others are dummies. To be called inside a `tidy`.
   *
   * @param gradient `[m, P, d]`.
   * @param figures of `wgslLabelLoss` or `wgslTokenLoss`.
   */
  add(gradient: Tensor, figures: Tensor2D, count: number): void {
    const integers = clipToGrid(gradient, figures, this.#plan)
    const previous = this.#rows + count > this.#mostSummed ? null : (this.#sums.pop() ?? null)
    this.#sums.push(keep(sumOnGrid(integers, count, previous)))
    this.#rows = previous === null ? count : this.#rows + count
    previous?.dispose()
  }

  /** `contributionLength` integers. */
  async take(): Promise<Float64Array<ArrayBuffer>> {
    const total = new Float64Array(this.#length)
    for (const sum of await Promise.all(this.#sums.splice(0).map(takeIntegers))) {
      for (let at = 0; at < this.#length; at += 1) total[at] = (total[at] ?? 0) + (sum[at] ?? 0)
    }
    return total
  }

  dispose(): void {
    for (const sum of this.#sums.splice(0)) sum.dispose()
  }
}
