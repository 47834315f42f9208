/**
 * What one unit (a row, or a person with the mean of its rows) adds to a step: its clipped gradient and three curve
 * figures as one vector of integers whose L2 norm is at most {@link GRID_NORM}, checked in exact arithmetic. That bound
 * is the sensitivity that the accountant assumes.
 *
 * Before rounding the vector is
 *
 *     (clip(g) / C, 2β (min(loss, L)/L - 1/2), 2β (correct - 1/2), 2β (clipped - 1/2)) / √(1 + 3β²) · GRID_NORM
 *
 * where clip(g) = g min(1, C/‖g‖) and clipped is 1 where ‖g‖ > C, else 0. So each curve figure lies in [-β, β] and the
 * norm is at most GRID_NORM.
 *
 * Everything here is +, -, ×, /, √ and rounding of doubles, which every engine computes alike, in an order that depends
 * on nothing but the vector's length: the integers are a function of the unit alone, bit for bit.
 */
import { SoftpostError } from '../protocol/errors.ts'

/** Public constants of a run. `size`: values of a gradient, P·d. `clipNorm`: C, in the gradient's own units. */
export type ContributionPlan = { readonly size: number; readonly clipNorm: number }

export type UnitResult = {
  /** Gradient of this unit's own loss, `size` values. */
  readonly gradient: Float32Array | Float64Array
  /** Nats. */
  readonly loss: number
  /** 1 where the answer was right, else 0; for a person the share of its rows. */
  readonly correct: number
}

/**
 * Integer steps to the bound on the norm. A power of two, so that σ · GRID_NORM is exact, and small enough for its
 * square to fit a GPU's 32-bit words; rounding is then four orders of magnitude below the noise at σ = 1.
 */
export const GRID_NORM = 2 ** 15
const GRID_NORM_SQUARED = GRID_NORM ** 2

/** L: an example scored below e^-4 = 2 % counts as one scored 2 %. A public constant, whatever the classes. */
export const LOSS_BOUND = 4

/** β: weight of a curve figure against a gradient of norm C. The gradient's noise grows by 1.5 %. */
const CURVE_WEIGHT = 0.1
const CURVES = 3
const ROOT = Math.sqrt(1 + CURVES * CURVE_WEIGHT ** 2)

/** Room for rounding to the grid: ten times what it adds to the norm of a vector that does not conspire against it. */
const HEADROOM = 1 - 1e-4

/** Grid steps per clip norm of gradient. */
export const GRADIENT_STEPS = (GRID_NORM * HEADROOM) / ROOT
/** Grid steps per unit of a centred score in [-1/2, 1/2]. */
export const SCORE_STEPS = 2 * CURVE_WEIGHT * GRADIENT_STEPS

/** Values of a contribution and of a sum of contributions: the gradient, then loss, correctness and clipping. */
export function contributionLength(plan: ContributionPlan): number {
  return plan.size + CURVES
}

/**
 * Adds one unit's integers to `into` (`contributionLength` values), exactly while sums stay below 2^53. A unit whose
 * figures are not finite adds nothing.
 *
 * @throws SoftpostError `privacy-argument` for a clip norm that is not positive, `internal` for arrays of other lengths.
 */
export function addContribution(plan: ContributionPlan, unit: UnitResult, into: Float64Array): void {
  const { gradient, loss, correct } = unit
  checkShapes(plan, gradient, into)
  const norm = Math.sqrt(sumOfSquares(gradient))
  if (![norm, loss, correct].every(Number.isFinite)) return
  const scores: Scores = [
    boundedLoss(loss) / LOSS_BOUND - 0.5,
    Math.min(Math.max(correct, 0), 1) - 0.5,
    norm > plan.clipNorm ? 0.5 : -0.5,
  ]
  const steps = GRADIENT_STEPS / Math.max(norm, plan.clipNorm)
  for (const shrink of [1, shrinkFor(into.length)]) {
    if (isInBall(gradient, steps * shrink, scores, SCORE_STEPS * shrink)) {
      addIntegers(gradient, steps * shrink, scores, SCORE_STEPS * shrink, into)
      return
    }
  }
}

/** Rounding moves each of n values by at most 1/2, so a vector shrunk by √n/2 steps cannot leave the ball. */
export function shrinkFor(length: number): number {
  return 1 - Math.sqrt(length) / (2 * GRID_NORM)
}

/** Within the public bound. */
export function boundedLoss(loss: number): number {
  return Math.min(Math.max(loss, 0), LOSS_BOUND)
}

/** Centred scores in [-1/2, 1/2]: loss, correctness, clipping. */
export type Scores = readonly [loss: number, correct: number, clipped: number]

/**
 * Whether round(gradient · unit) and round(scores · scoreUnit) together have an L2 norm of at most GRID_NORM. Exact for
 * every input: each square is added to a sum of at most GRID_NORM², and the first that lifts it above ends the check, as
 * does whatever is not a number of the grid.
 */
export function isInBall(gradient: UnitResult['gradient'], unit: number, scores: Scores, scoreUnit: number): boolean {
  let squares = 0
  for (const score of scores) {
    const k = roundToGrid(score * scoreUnit)
    squares += k * k
  }
  if (!(squares <= GRID_NORM_SQUARED)) return false
  for (let i = 0; i < gradient.length; i += 1) {
    const k = roundToGrid((gradient[i] ?? 0) * unit)
    squares += k * k
    if (!(squares <= GRID_NORM_SQUARED)) return false
  }
  return true
}

function addIntegers(
  gradient: UnitResult['gradient'],
  unit: number,
  scores: Scores,
  scoreUnit: number,
  into: Float64Array,
): void {
  const { length } = gradient
  for (let i = 0; i < length; i += 1) into[i] = (into[i] ?? 0) + roundToGrid((gradient[i] ?? 0) * unit)
  for (const [i, score] of scores.entries()) into[length + i] = (into[length + i] ?? 0) + roundToGrid(score * scoreUnit)
}

/** Adding this leaves a double no bits below 1. */
const NO_FRACTION = 1.5 * 2 ** 52

/**
 * Nearest integer, ties to even, for |x| < 2^51; beyond it stays far beyond the grid. Several times as fast as
 * Math.round, which engines do in several steps.
 */
function roundToGrid(x: number): number {
  return x + NO_FRACTION - NO_FRACTION
}

/** In double precision: the square of the largest float32 times any length in reach stays finite. */
function sumOfSquares(values: UnitResult['gradient']): number {
  let sum = 0
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0
    sum += value * value
  }
  return sum
}

function checkShapes(plan: ContributionPlan, gradient: UnitResult['gradient'], into: Float64Array): void {
  if (!(plan.clipNorm > 0 && plan.clipNorm < Infinity)) {
    throw new SoftpostError('privacy-argument', `the clip norm must be positive and finite, got ${plan.clipNorm}`)
  }
  if (gradient.length !== plan.size || into.length !== contributionLength(plan)) {
    throw new SoftpostError(
      'internal',
      `addContribution: plan of ${plan.size} values, gradient of ${gradient.length}, sum of ${into.length}`,
    )
  }
}
