/**
 * ε where later runs were chosen by what earlier ones showed: a Rényi filter (Feldman and Zrnic, arXiv 2008.11193).
 *
 * Loss distributions compose for plans that do not depend on outputs. Rényi divergences of one order add up to a limit
 * whatever follows from what, but the order must not depend on outputs either: the best order at the end is no bound.
 * So a few orders are fixed by the first plan, which nothing had been seen for, and share δ among them. Whichever of
 * them is taken at the end, each may fail with its own part of δ only.
 */
import { epsilonOfRuns } from './accountant.ts'
import { bestOrder, epsilonAtOrder, orderFrom, rdpCurve, rdpToEpsilon } from './rdp.ts'
import { checkRuns, plainEpsilon, type Run } from './runs.ts'

/** An order for each size that the whole may reach: the best one if all runs were like the first. */
const SIZES: readonly { readonly epsilon: number; readonly share: number }[] = [
  { epsilon: 16, share: 0.3 },
  { epsilon: 8, share: 0.2 },
  { epsilon: 4, share: 0.15 },
  { epsilon: 2, share: 0.15 },
  { epsilon: 1, share: 0.1 },
]
/** One that suits runs with far less noise than the first. */
const LOW_ORDER = { alpha: 3, share: 0.1 } as const
const HALVINGS = 40

/**
 * ε at `delta` of `runs` in the order in which they were started, each free to depend on all before. While it stays
 * within a budget, whatever the person chooses by, the whole is (budget, δ)-private.
 *
 * @throws RangeError for an argument outside its range.
 */
export function epsilonUnderFilter(runs: readonly Run[], delta: number): number {
  checkRuns(runs, delta)
  const plain = plainEpsilon(runs, delta)
  if (plain !== null) return plain
  const costly = runs.filter(({ sampleRate, steps }) => sampleRate > 0 && steps > 0)
  const curves = costly.map(({ sampleRate, sigma }) => rdpCurve(sampleRate, sigma))
  const [first] = curves
  if (first === undefined || curves.length === 1) return epsilonOfRuns(costly, delta)
  const figures = ordersFor(first, delta).map(({ order, share }) => {
    const rho = costly.reduce((sum, { steps }, i) => sum + steps * (curves[i]?.[order] ?? Infinity), 0)
    return epsilonAtOrder(order, rho, share * delta)
  })
  return Math.min(...figures)
}

function ordersFor(
  first: ArrayLike<number>,
  delta: number,
): readonly { readonly order: number; readonly share: number }[] {
  const sized = SIZES.map(({ epsilon, share }) => ({ order: orderFor(first, epsilon, delta), share }))
  return [...sized, { order: orderFrom(LOW_ORDER.alpha), share: LOW_ORDER.share }]
}

/** The best order for as many steps of the curve as reach `epsilon`. */
function orderFor(curve: ArrayLike<number>, epsilon: number, delta: number): number {
  let low = -40
  let high = 40
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2
    if (rdpToEpsilon(curve, Math.exp(middle), delta) < epsilon) low = middle
    else high = middle
  }
  return bestOrder(curve, Math.exp(low), delta)
}
