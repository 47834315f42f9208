/** What a plan means in figures that a person can picture. Pure. */
import type { PlanOdds, TuningPlan } from '../../../workers/protocol/tuning.ts'

/** A share as so many in a hundred, rounded up, since it is an upper bound. */
export function inHundred(share: number): number {
  return Math.min(100, Math.max(0, Math.ceil(100 * share - 1e-9)))
}

/** Most right guesses in 100 about whether a unit took part, where a fair coin decided. */
export function rightGuesses(odds: PlanOdds | null): number {
  return odds === null ? 100 : inHundred(odds.rightGuesses)
}

/**
 * Length of a step's noise over the longest mean that its rows can make: σ √(P d) / B. Above 1 a single step is more
 * noise than rows; steps add up, so something may still be learned.
 */
export function noiseRatio({ privacy, promptLength, batchSize }: TuningPlan, width: number): number {
  return privacy === null ? 0 : (privacy.sigma * Math.sqrt(promptLength * width)) / batchSize
}

/** e^ε: how many times likelier anything seen can be in one world than in the other, but for δ. */
export function likelihoodFactor(epsilon: number): number {
  return Math.exp(epsilon)
}
