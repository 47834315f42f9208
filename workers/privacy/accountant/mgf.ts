/**
 * The logarithm of E[(mix/base)^t] under base, by the trapezoid rule: the moments of the privacy loss in both
 * directions. With L = ln(mix/base), the log-moment-generating function of the loss at c is
 *
 *     remove: ln E_mix[e^{cL}] = at t = c + 1        add: ln E_base[e^{-cL}] = at t = -c
 */
import { type Direction, lossAt, type Pair, reachOf, slopeAt } from './pair.ts'

/** Standard deviations on either side: the mass beyond is below 1e-43. */
export const RANGE = 14
/** Nodes per min(σ, σ²): the integrand is analytic for |Im x| < πσ², so the rule's error is below e^{-50}. */
const NODES = 8
/** More nodes than these are refused: the moment asked for is one that no answer needs. */
const MOST_NODES = 60_000

/** Value, first and second derivative. */
export type Jet = readonly [value: number, slope: number, curvature: number]

const NOWHERE: Jet = [Infinity, Infinity, Infinity]

/** Nodes in x with the loss and the logarithm of the node's weight under base. */
export type Nodes = { readonly losses: Float64Array; readonly logWeights: Float64Array }

/** The x in which the integrand of moments between `lowest` and `highest` has its mass. */
export function nodeRange(pair: Pair, lowest: number, highest: number): { readonly from: number; readonly to: number } {
  const { sigma } = pair
  // The peak solves x = tσ²L'(x). For t > 0 it lies below t times the highest mean, for t < 0 above tσ²L'(0).
  const left = Math.min(0, lowest) * sigma * sigma * slopeAt(pair, 0)
  return { from: left - RANGE * sigma - 1, to: reachOf(pair) * Math.max(1, highest) + RANGE * sigma }
}

/** Null where more than {@link MOST_NODES} would be needed. */
export function nodesBetween(
  pair: Pair,
  { from, to }: { readonly from: number; readonly to: number },
  step: number,
): Nodes | null {
  const count = Math.ceil((to - from) / step) + 1
  if (!(count <= MOST_NODES)) return null
  const losses = new Float64Array(count)
  const logWeights = new Float64Array(count)
  const logScale = Math.log(step / (pair.sigma * Math.sqrt(2 * Math.PI)))
  for (let i = 0; i < count; i += 1) {
    const x = from + i * step
    losses[i] = lossAt(pair, x)
    logWeights[i] = logScale - (x * x) / (2 * pair.sigma * pair.sigma)
  }
  return { losses, logWeights }
}

export function finestStep({ sigma }: Pair): number {
  return Math.min(sigma, sigma * sigma) / NODES
}

/**
 * ln E[(mix/base)^t; x <= cut] with its derivatives in t; Infinity where it is out of reach. Keeps its nodes between
 * calls. A cut is taken at the next node, and that node counts in full.
 */
export function logMoment(pair: Pair, cut = Infinity): (t: number) => Jet {
  const byReach = new Map<number, Nodes | null>()
  const nodesFor = (t: number): Nodes | null => {
    const reach = Math.sign(t) * 2 ** Math.ceil(Math.log2(Math.max(2, Math.abs(t))))
    const known = byReach.get(reach)
    if (known !== undefined) return known
    const { from, to } = nodeRange(pair, Math.min(0, reach), Math.max(0, reach))
    const nodes = nodesBetween(pair, { from, to: Math.min(to, cut) }, finestStep(pair))
    byReach.set(reach, nodes)
    return nodes
  }
  return (t) => {
    const nodes = nodesFor(t)
    return nodes === null ? NOWHERE : jetOf(nodes, t)
  }
}

function jetOf({ losses, logWeights }: Nodes, t: number): Jet {
  const { length } = losses
  const terms = new Float64Array(length)
  let highest = -Infinity
  for (let i = 0; i < length; i += 1) {
    const term = t * (losses[i] ?? 0) + (logWeights[i] ?? 0)
    terms[i] = term
    if (term > highest) highest = term
  }
  let sum = 0
  let first = 0
  let second = 0
  for (let i = 0; i < length; i += 1) {
    const below = (terms[i] ?? 0) - highest
    if (below < -80) continue
    const weight = Math.exp(below)
    const loss = losses[i] ?? 0
    sum += weight
    first += weight * loss
    second += weight * loss * loss
  }
  const slope = first / sum
  return [highest + Math.log(sum), slope, Math.max(0, second / sum - slope * slope)]
}

/** Exponent t of a direction's moment at c; its sign turns odd derivatives round. */
export function exponentOf(direction: Direction, c: number): number {
  return direction === 'remove' ? c + 1 : -c
}
