/**
 * What a plan means in odds, as upper bounds that need no trust in an average case. Pure.
 *
 * The game: somebody knows every row but one, and knows that one too, up to a fair coin that decided whether it took
 * part. They see the prompt and the curves and guess the coin. The best they can do is right with probability
 * (1 + TV)/2, where TV is the total variation distance of what they see in the two worlds.
 */
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'

/**
 * Most right guesses in 100, rounded up: the smaller of two bounds on TV, for the part (training rows or held-out
 * rows) that shows more.
 */
export function rightGuesses(plan: TuningPlan): number {
  const { privacy, sampleRate, steps } = plan
  if (privacy === null) return 100
  const parts = [{ sampleRate, steps, sigma: privacy.sigma }]
  if (privacy.heldOutEvaluations > 0) {
    parts.push({ sampleRate: 1, steps: privacy.heldOutEvaluations, sigma: privacy.heldOutSigma })
  }
  const variation = Math.min(
    variationOfBudget(privacy.epsilonPlanned, privacy.delta),
    Math.max(...parts.map(variationOfRun)),
  )
  return Math.min(100, Math.ceil(50 * (1 + variation)))
}

/** TV of any (ε, δ)-private mechanism: (e^ε - 1 + 2δ) / (e^ε + 1) (Kairouz, Oh and Viswanath 2015, theorem 2.1). */
export function variationOfBudget(epsilon: number, delta: number): number {
  const shrink = Math.exp(-epsilon)
  return Math.min(1, (1 - shrink + 2 * delta * shrink) / (1 + shrink))
}

export type Run = { readonly sampleRate: number; readonly steps: number; readonly sigma: number }

/**
 * TV of a run of the Poisson-subsampled Gaussian mechanism.
 *
 * Where every row takes part (q = 1) the steps together are one Gaussian, whose TV is exact: P(|Z| < √T / 2σ). Else it
 * is at most sqrt(1 - BC^2) with BC the Bhattacharyya coefficient (Le Cam), which multiplies over steps; one step has
 * BC = E sqrt(1 - q + q exp((2x - 1) / 2σ²)) for x ~ N(0, σ²), the pair that dominates every step with one row more or
 * less.
 */
export function variationOfRun({ sampleRate, steps, sigma }: Run): number {
  if (sigma <= 0) return 1
  if (sampleRate === 1) return 2 * integrateGaussian(0, Math.sqrt(steps) / (2 * sigma), () => 1)
  // The square root of the likelihood ratio moves the bulk by half a sensitivity, 1/2σ in units of z.
  const coefficient = integrateGaussian(-RANGE, RANGE + 1 / sigma, (z) =>
    Math.sqrt(1 - sampleRate + sampleRate * Math.exp(z / sigma - 1 / (2 * sigma * sigma))),
  )
  const loss = -steps * Math.log(Math.min(1, coefficient))
  return Math.sqrt(Math.max(0, -Math.expm1(-2 * loss)))
}

/** Standard deviations beyond which nothing is left to count. */
const RANGE = 12
const POINTS = 4_000

/** ∫ φ(z) f(z) dz by the midpoint rule, whose error here is far below a guess in a hundred. */
function integrateGaussian(from: number, to: number, f: (z: number) => number): number {
  const width = (to - from) / POINTS
  let sum = 0
  for (let point = 0; point < POINTS; point++) {
    const z = from + (point + 0.5) * width
    sum += Math.exp(-(z * z) / 2) * f(z)
  }
  return (sum * width) / Math.sqrt(2 * Math.PI)
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
