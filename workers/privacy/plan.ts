/** From a wished privacy budget to the noise of a run. */
import { SoftpostError } from '../protocol/errors.ts'
import type { PrivacyPlan } from '../protocol/tuning.ts'
import { ACCOUNTANT, epsilonOf } from './accountant/accountant.ts'
import { calibrateSigma } from './accountant/calibrate.ts'

export type PrivacyRequest = {
  readonly epsilon: number
  readonly delta: number
  /** Units that may be sampled, N. */
  readonly trainRows: number
  /** Poisson rate q in (0, 1]. */
  readonly sampleRate: number
  readonly steps: number
  /** Clip norm C. */
  readonly clipNorm: number
  /** Units kept apart for evaluations; 0 plans none. */
  readonly heldOutRows?: number
}

/** Evaluations of a run that has room for them; fewer on few rows, where each needs less noise. */
const EVALUATIONS = 20
const ROWS_PER_EVALUATION = 50

/** A round public number, not computed from the file: 1e-5, and 1e-6 above 10,000 rows. */
export function defaultDelta(rows: number): number {
  return rows > 10_000 ? 1e-6 : 1e-5
}

/**
 * The noise that holds a run at `epsilon`, and that of its held-out counts.
 *
 * Every row is either trained on or held out, so the ε of the whole file is the larger of the two, and the held-out
 * noise is chosen for the run's own ε.
 *
 * @throws SoftpostError `privacy-argument` for numbers out of range, among them a δ of 1/rows or more;
 *   `privacy-unreachable` for an ε that would take noise in which nothing is learned.
 */
export function planPrivacy(request: PrivacyRequest): PrivacyPlan {
  checkRequest(request)
  const { epsilon, delta, sampleRate, steps, clipNorm, heldOutRows } = request
  const sigma = reachable({ epsilon, delta, sampleRate, steps })
  const proven = epsilonOf({ sigma, sampleRate, steps, delta })
  // Where δ alone covers the run, the wish holds as well, and held-out noise can be found for it.
  const epsilonPlanned = proven > 0 ? proven : epsilon
  const heldOutEvaluations = evaluations(heldOutRows)
  const heldOutSigma =
    heldOutEvaluations === 0
      ? 0
      : reachable({ epsilon: epsilonPlanned, delta, sampleRate: 1, steps: heldOutEvaluations })
  return {
    epsilon,
    delta,
    sigma,
    clipNorm,
    epsilonPlanned,
    heldOutSigma,
    heldOutEvaluations,
    accountant: ACCOUNTANT,
  }
}

function evaluations(heldOutRows: number | undefined): number {
  if (heldOutRows === undefined) return EVALUATIONS
  return Math.min(EVALUATIONS, Math.ceil(heldOutRows / ROWS_PER_EVALUATION))
}

function reachable(run: Parameters<typeof calibrateSigma>[0]): number {
  const sigma = calibrateSigma(run)
  if (sigma === Infinity) {
    throw new SoftpostError(
      'privacy-unreachable',
      `ε = ${run.epsilon} at δ = ${run.delta} over ${run.steps} steps takes more noise than anything can be learned from; raise ε or take fewer steps`,
      { data: { epsilon: run.epsilon, delta: run.delta, steps: run.steps } },
    )
  }
  return sigma
}

function checkRequest(request: PrivacyRequest): void {
  const { epsilon, delta, trainRows, sampleRate, steps, clipNorm, heldOutRows = 0 } = request
  const rules: readonly (readonly [holds: boolean, message: string])[] = [
    [isPositive(epsilon), `ε must be a positive number, got ${epsilon}`],
    [isPositive(delta) && delta < 1, `δ must lie between 0 and 1, got ${delta}`],
    [isCount(trainRows) && trainRows > 0, `a run needs at least one row to train on, got ${trainRows}`],
    [isCount(heldOutRows), `the number of held-out rows must be a whole number, got ${heldOutRows}`],
    [isPositive(sampleRate) && sampleRate <= 1, `the sampling rate must lie in (0, 1], got ${sampleRate}`],
    [isCount(steps) && steps > 0, `the number of steps must be a positive whole number, got ${steps}`],
    [isPositive(clipNorm), `the clip norm must be a positive number, got ${clipNorm}`],
  ]
  for (const [holds, message] of rules) if (!holds) throw new SoftpostError('privacy-argument', message)
  const rows = trainRows + heldOutRows
  if (delta * rows >= 1) {
    throw new SoftpostError(
      'privacy-argument',
      `δ = ${delta} would allow giving away one of the ${rows} rows; choose a δ below 1/${rows}`,
      { data: { delta, rows } },
    )
  }
}

function isPositive(value: number): boolean {
  return value > 0 && value < Infinity
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
