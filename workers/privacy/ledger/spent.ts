/** ε of several runs on the same units, and what is left of a budget. */
import type { CompositionRule, PlannedMechanism } from '../../protocol/ledger.ts'
import { epsilonOfRuns } from '../accountant/accountant.ts'
import { epsilonUnderFilter } from '../accountant/filter.ts'
import type { Run } from '../accountant/runs.ts'

/** A run as far as it counts. */
export type Charge = {
  readonly mechanism: PlannedMechanism
  readonly dealer: string
  readonly series: string
  readonly stepsSpent: number
  readonly isOver: boolean
}

/** More ledgers than this dealt coins to one file's units: each way in which the sides can combine is a composition. */
const DEALERS = 4

/**
 * Runs of one series were all planned before the first output, so their plans compose. Otherwise a later plan may
 * follow from what an earlier run showed; Rényi divergences add up to a fixed limit in that case too (Feldman and
 * Zrnic, arXiv 2008.11193), and then steps that a stopped run did not take count for nothing.
 */
export function ruleFor(charges: readonly Charge[]): CompositionRule {
  return new Set(charges.map(({ series }) => series)).size <= 1 ? 'fixed-plans' : 'renyi-filter'
}

/**
 * ε at `delta` of all charges, in the order in which they were started, on a unit that takes part in all. Under one
 * dealer a unit is trained on in all runs or held out in all; which one is not known, so the worst combination counts.
 */
export function composedEpsilon(charges: readonly Charge[], delta: number): number {
  const rule = ruleFor(charges)
  const dealers = [...new Set(charges.map(({ dealer }) => dealer))]
  const sides = charges.map((charge) => sidesOf(charge, rule))
  if (dealers.length > DEALERS) {
    return epsilonOn(
      sides.flatMap(({ train, heldOut }) => [...train, ...heldOut]),
      { rule, delta },
    )
  }
  let worst = 0
  for (let places = 0; places < 2 ** dealers.length; places++) {
    const isHeldOut = (dealer: string) => (places >> dealers.indexOf(dealer)) % 2 === 1
    const parts = sides.flatMap(({ dealer, train, heldOut }) => (isHeldOut(dealer) ? heldOut : train))
    worst = Math.max(worst, epsilonOn(parts, { rule, delta }))
  }
  return worst
}

/** What a unit on one side was in for, with the steps that were taken and with those that were planned. */
type Part = { readonly taken: Run; readonly planned: Run }

/** A filter needs no plan to be kept to, but one run alone has none: its stop may follow from what it showed. */
function epsilonOn(
  parts: readonly Part[],
  { rule, delta }: { readonly rule: CompositionRule; readonly delta: number },
): number {
  const costly = parts.filter(({ taken }) => taken.steps > 0)
  if (rule === 'fixed-plans' || costly.length === 1) {
    return epsilonOfRuns(
      costly.map(({ planned }) => planned),
      delta,
    )
  }
  return epsilonUnderFilter(
    costly.map(({ taken }) => taken),
    delta,
  )
}

type Sides = { readonly dealer: string; readonly train: readonly Part[]; readonly heldOut: readonly Part[] }

/** What a unit is in for that is trained on, and one that is held out. */
function sidesOf({ mechanism, dealer, stepsSpent, isOver }: Charge, rule: CompositionRule): Sides {
  const { sigma, sampleRate, heldOut, steps: planned } = mechanism
  const taken = isOver && rule === 'renyi-filter' ? stepsSpent : planned
  const part = (run: Omit<Run, 'steps'>, stepsAfter: (steps: number) => number): Part => ({
    taken: { ...run, steps: stepsAfter(taken) },
    planned: { ...run, steps: stepsAfter(planned) },
  })
  return {
    dealer,
    train: [part({ sigma, sampleRate }, (steps) => steps)],
    heldOut:
      heldOut === null
        ? []
        : [part({ sigma: heldOut.sigma, sampleRate: 1 }, (steps) => evaluationsWithin(steps, mechanism))],
  }
}

/**
 * Evaluations that the first `steps` steps of a plan include, as `tune/schedule.ts` spreads them: the first belongs to
 * the first step, the last to the last. Runs from before there was a look at the start had no more by any step.
 */
export function evaluationsWithin(steps: number, { steps: planned, heldOut }: PlannedMechanism): number {
  if (heldOut === null || steps === 0) return 0
  const between = heldOut.evaluations - 1
  if (between === 0) return steps < planned ? 0 : 1
  return 1 + Math.floor((steps * between) / planned)
}

/** Relative width at which the search for an affordable σ ends. */
const SEARCH_WIDTH = 0.03
/** Beyond this multiple of a plan's noise nothing is worth running. */
const MOST_NOISE = 64

/**
 * ε by itself of the largest run like `wished` (same q, T and evaluations, more noise) that stays within the budget
 * together with `charges`; null where none does.
 */
export function affordableEpsilon(
  charges: readonly Charge[],
  wished: Charge,
  budget: { readonly epsilon: number; readonly delta: number },
): number | null {
  const noisier = (factor: number): Charge => {
    const { mechanism } = wished
    const heldOut =
      mechanism.heldOut === null ? null : { ...mechanism.heldOut, sigma: mechanism.heldOut.sigma * factor }
    return { ...wished, mechanism: { ...mechanism, sigma: mechanism.sigma * factor, heldOut } }
  }
  const fits = (factor: number) => composedEpsilon([...charges, noisier(factor)], budget.delta) <= budget.epsilon
  let [low, high] = [1, 2]
  while (!fits(high)) {
    low = high
    high *= 2
    if (high > MOST_NOISE) return null
  }
  while (high / low > 1 + SEARCH_WIDTH) {
    const middle = Math.sqrt(low * high)
    if (fits(middle)) high = middle
    else low = middle
  }
  return composedEpsilon([noisier(high)], wished.mechanism.delta)
}
