/** The noise that a wished ε needs, and the steps that it leaves. */
import { epsilonOf, epsilonOfRuns } from './accountant.ts'
import { checkRuns, type Mechanism, plainEpsilon, rdpEpsilon, type Run, workOf } from './runs.ts'
import { isWithinReach, roughEpsilonOf } from './solve.ts'

/** Noise below this protects nothing worth the name; above it nothing is learned. */
const SIGMA_RANGE = { low: 2 ** -4, high: 2 ** 10 } as const
/** Digits of a calibrated σ, so that the figure on screen is the figure used. */
const SIGMA_DIGITS = 6
/** Relative width at which a search stops; far below the last digit. */
const SEARCH_WIDTH = 1e-8
const SEARCH_STEPS = 80
/** d ln ε / d ln σ to begin with. */
const FIRST_SLOPE = -1.3
/** Most steps that are looked for; more are as good as no limit. */
const MOST_STEPS = 1e9

export type Budget = { readonly epsilon: number; readonly delta: number }

/**
 * Smallest σ, rounded up to six significant digits, whose ε at `delta` is at most `epsilon`; Infinity when it would
 * have to be above 1,024, where nothing is learned. Found by the exact value where there is one, and certified.
 *
 * @throws RangeError for an argument outside its range.
 */
export function calibrateSigma({ epsilon, delta, ...run }: Budget & Pick<Run, 'sampleRate' | 'steps'>): number {
  checkBudget({ epsilon, delta })
  const estimate = estimator(delta)
  const found = searchDown((sigma) => estimate([{ ...run, sigma }]), {
    ...SIGMA_RANGE,
    target: epsilon,
    isDone: (low, high) => high <= low * (1 + SEARCH_WIDTH),
  })
  // The certified ε lies a little above the exact one; ε falls about as 1/σ or faster.
  for (let sigma = roundUp(found); sigma <= SIGMA_RANGE.high;) {
    const certified = epsilonOf({ ...run, sigma, delta })
    if (certified <= epsilon) return sigma
    sigma = roundUp(sigma * Math.max(certified / epsilon, 1 + 10 ** -SIGMA_DIGITS))
  }
  return Infinity
}

/**
 * Most steps of a mechanism that keep ε at `delta` within `epsilon`, after runs that have been done on the same rows; 0
 * where not one is left, Infinity for 1e9 and more.
 *
 * @throws RangeError for an argument outside its range.
 */
export function affordableSteps({
  sigma,
  sampleRate,
  epsilon,
  delta,
  spent = [],
}: Mechanism & Budget & { readonly spent?: readonly Run[] }): number {
  checkBudget({ epsilon, delta })
  const after = (steps: number): Run[] => [...spent, { sigma, sampleRate, steps }]
  const estimate = estimator(delta)
  const found = searchDown((rarity) => estimate(after(stepsAt(rarity))), {
    target: epsilon,
    low: 1 / MOST_STEPS,
    high: 1,
    isDone: (low, high) => stepsAt(low) - stepsAt(high) <= 1,
  })
  for (let steps = stepsAt(found) + 1; steps > 0;) {
    const certified = epsilonOfRuns(after(steps), delta)
    if (certified <= epsilon) return steps >= MOST_STEPS ? Infinity : steps
    steps = Math.min(steps - 1, Math.floor(steps * (epsilon / certified)))
  }
  return 0
}

/** The search is for 1/steps, in which ε falls. */
function stepsAt(rarity: number): number {
  return Math.max(1, Math.round(1 / rarity))
}

function checkBudget({ epsilon, delta }: Budget): void {
  checkRuns([], delta)
  if (!(epsilon > 0 && epsilon < Infinity)) throw new RangeError(`epsilon must be positive and finite, got ${epsilon}`)
}

/** ε to many digits, but no bound. */
function estimator(delta: number): (runs: readonly Run[]) => number {
  const roughEpsilon = roughEpsilonOf(delta)
  return (runs) => {
    checkRuns(runs, delta)
    const plain = plainEpsilon(runs, delta)
    if (plain !== null) return plain
    const work = workOf(runs)
    return isWithinReach(work, delta) ? roughEpsilon(work) : rdpEpsilon(runs, delta)
  }
}

type Search = {
  readonly target: number
  readonly low: number
  readonly high: number
  readonly isDone: (low: number, high: number) => boolean
}

/** The x in a range at which a falling function reaches `target`, or one just above: secants between logarithms. */
function searchDown(f: (x: number) => number, { target, low, high, isDone }: Search): number {
  let [from, to] = [Math.log(low), Math.log(high)]
  let x = Math.min(to, Math.max(from, 0))
  let last: { readonly x: number; readonly error: number } | null = null
  for (let step = 0; step < SEARCH_STEPS && !isDone(Math.exp(from), Math.exp(to)); step += 1) {
    const error = Math.log(f(Math.exp(x)) / target)
    if (error > 0) from = x
    else to = x
    if (Math.abs(error) < SEARCH_WIDTH) return Math.exp(x)
    const slope = last === null ? FIRST_SLOPE : (error - last.error) / (x - last.x)
    last = { x, error }
    const next = x - error / slope
    x = next > from && next < to ? next : (from + to) / 2
  }
  return Math.exp(to)
}

/** `value` with {@link SIGMA_DIGITS} significant digits, never below it. */
function roundUp(value: number): number {
  const unit = 10 ** (SIGMA_DIGITS - 1 - Math.floor(Math.log10(value)))
  const rounded = Number((Math.ceil(value * unit) / unit).toPrecision(SIGMA_DIGITS))
  return rounded >= value ? rounded : Number((rounded + 1 / unit).toPrecision(SIGMA_DIGITS))
}
