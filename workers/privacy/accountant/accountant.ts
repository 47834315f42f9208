/** ε of a run of the Poisson-subsampled Gaussian mechanism, and the noise that a wished ε needs. */
import { addedCurves, rdpCurve, rdpToEpsilon } from './rdp.ts'

/** Which computation the figures come from; stands in plans and certificates. */
export const ACCOUNTANT = 'softpost-rdp-1'

export type Mechanism = {
  /** Noise multiplier σ: the noise's standard deviation over the sensitivity. */
  readonly sigma: number
  /** Poisson sampling rate q in [0, 1]. */
  readonly sampleRate: number
}

/** Noise below this protects nothing worth the name; above it nothing is learned. */
const SIGMA_RANGE = { low: 2 ** -4, high: 2 ** 10 } as const
/** Digits of a calibrated σ, so that the figure on screen is the figure used. */
const SIGMA_DIGITS = 6
/** Relative width at which the search stops; far below the last digit. */
const SEARCH_WIDTH = 1e-7

/**
 * ε at `delta` of `steps` steps, an upper bound; 0 for no step, Infinity without noise.
 *
 * @throws RangeError for an argument outside its range.
 */
export function epsilonOf({
  steps,
  ...mechanism
}: Mechanism & { readonly steps: number; readonly delta: number }): number {
  return epsilonAfter(mechanism)(steps)
}

/** Steps of one mechanism on the same rows. */
export type Run = Mechanism & { readonly steps: number }

/**
 * ε at `delta` of all `runs` on the same rows together, an upper bound, in whatever order they were done; 0 for none.
 *
 * @throws RangeError for an argument outside its range.
 */
export function epsilonOfRuns(runs: readonly Run[], delta: number): number {
  checkDelta(delta)
  for (const run of runs) checkRun(run)
  const costly = runs.filter(({ steps, sampleRate }) => steps > 0 && sampleRate > 0)
  if (costly.some(({ sigma }) => sigma === 0)) return Infinity
  if (costly.length === 0) return 0
  const curve = addedCurves(
    costly.map(({ sigma, sampleRate, steps }) => ({ curve: rdpCurve(sampleRate, sigma), steps })),
  )
  return rdpToEpsilon(curve, 1, delta)
}

/**
 * ε after k steps for every k, cheap per call: the work of one step is done once.
 *
 * @throws RangeError for an argument outside its range, here or in a later call.
 */
export function epsilonAfter({
  sigma,
  sampleRate,
  delta,
}: Mechanism & { readonly delta: number }): (steps: number) => number {
  checkRun({ sigma, sampleRate, steps: 0 })
  checkDelta(delta)
  const curve = sigma > 0 && sampleRate > 0 ? rdpCurve(sampleRate, sigma) : null
  return (steps) => {
    checkRun({ sigma, sampleRate, steps })
    if (steps === 0 || sampleRate === 0) return 0
    return curve === null ? Infinity : rdpToEpsilon(curve, steps, delta)
  }
}

function checkRun({ sigma, sampleRate, steps }: Run): void {
  if (!(sigma >= 0 && sigma < Infinity)) throw new RangeError(`sigma must be finite and not negative, got ${sigma}`)
  if (!(sampleRate >= 0 && sampleRate <= 1)) throw new RangeError(`sampleRate must lie in [0, 1], got ${sampleRate}`)
  if (!Number.isSafeInteger(steps) || steps < 0) throw new RangeError(`steps must be a whole number, got ${steps}`)
}

function checkDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) throw new RangeError(`delta must lie between 0 and 1, got ${delta}`)
}

/**
 * Smallest σ, rounded up to six significant digits, whose ε at `delta` is at most `epsilon`; Infinity when it would
 * have to be above 1,024, where nothing is learned.
 *
 * @throws RangeError for an argument outside its range.
 */
export function calibrateSigma({
  epsilon,
  ...run
}: {
  readonly epsilon: number
  readonly delta: number
  readonly sampleRate: number
  readonly steps: number
}): number {
  if (!(epsilon > 0 && epsilon < Infinity)) throw new RangeError(`epsilon must be positive and finite, got ${epsilon}`)
  const reaches = (sigma: number): boolean => epsilonOf({ ...run, sigma }) <= epsilon
  let high: number = SIGMA_RANGE.low
  while (!reaches(high)) {
    high *= 2
    if (high > SIGMA_RANGE.high) return Infinity
  }
  if (high === SIGMA_RANGE.low) return high
  let low = high / 2
  while (high / low > 1 + SEARCH_WIDTH) {
    const middle = Math.sqrt(low * high)
    if (reaches(middle)) high = middle
    else low = middle
  }
  return roundUp(high)
}

/** `value` with {@link SIGMA_DIGITS} significant digits, never below it. */
function roundUp(value: number): number {
  const unit = 10 ** (SIGMA_DIGITS - 1 - Math.floor(Math.log10(value)))
  const rounded = Number((Math.ceil(value * unit) / unit).toPrecision(SIGMA_DIGITS))
  return rounded >= value ? rounded : Number((rounded + 1 / unit).toPrecision(SIGMA_DIGITS))
}
