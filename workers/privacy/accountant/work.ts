/** Runs on the same rows, gathered into what the computations of ε take. */
import { exponentOf, type Jet, logMoment } from './mgf.ts'
import type { Direction, Pair } from './pair.ts'

/** Steps of one pair. */
export type Part = {
  readonly pair: Pair
  readonly steps: number
  /** Highest x that counts; all of them where it is not given. */
  readonly cut?: number
  /** Mass that stands at a loss of its own beside what the cut leaves. */
  readonly floor?: { readonly mass: number; readonly loss: number }
}

/** Everything that one unit goes through; losses of independent steps add up. */
export type Work = {
  readonly parts: readonly Part[]
  /** μ² of the Gaussian mechanism that all steps without sampling make together: the sum of 1/σ². */
  readonly gaussian: number
}

/** K(c), the log-moment-generating function of the whole loss, with two derivatives; Infinity where out of reach. */
export type Moments = (c: number) => Jet

export function momentsOf({ parts, gaussian }: Work, direction: Direction): Moments {
  const each = parts.map(({ pair, steps, cut, floor }) => ({ steps, floor, moment: logMoment(pair, cut) }))
  const sign = direction === 'remove' ? 1 : -1
  return (c) => {
    const t = exponentOf(direction, c)
    let value = (gaussian * c * (c + 1)) / 2
    let slope = (gaussian * (2 * c + 1)) / 2
    let curvature = gaussian
    for (const { steps, floor, moment } of each) {
      const [k, k1, k2] = moment(t)
      value += steps * (floor === undefined ? k : logAdd(k, Math.log(floor.mass) + c * floor.loss))
      slope += steps * sign * k1
      curvature += steps * k2
    }
    return [value, slope, curvature]
  }
}

/** ln(e^a + e^b). */
function logAdd(a: number, b: number): number {
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))
}

/** ln c is searched between these: beyond lie orders that no answer needs. */
const ORDERS = { low: 1e-4, high: 1e7 } as const
const HALVINGS = 60
const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * The c > 0 at which K(c) - cε - ln c - ln(1+c) is least: where the contour of the exact value runs, and the rate at
 * which δ falls with ε.
 */
export function saddleAt(moments: Moments, epsilon: number): number {
  let low = Math.log(ORDERS.low)
  let high = Math.log(ORDERS.high)
  for (let step = 0; step < HALVINGS && high - low > 1e-4; step += 1) {
    const middle = (low + high) / 2
    const c = Math.exp(middle)
    const [value, slope] = moments(c)
    if (value < Infinity && slope - epsilon - 1 / c - 1 / (1 + c) < 0) low = middle
    else high = middle
  }
  return Math.exp(low)
}

/**
 * An upper bound on ε from one real order, chosen well (Canonne, Kamath, Steinke, arXiv 2004.00010, Proposition 12):
 * Rényi accounting of one direction, over all orders.
 */
export function momentBound(moments: Moments, delta: number): number {
  const bound = (logC: number): number => {
    const c = Math.exp(logC)
    return (moments(c)[0] - Math.log(delta) + c * Math.log(c) - (1 + c) * Math.log1p(c)) / c
  }
  let low = Math.log(ORDERS.low)
  let high = Math.log(ORDERS.high)
  let left = high - GOLDEN * (high - low)
  let right = low + GOLDEN * (high - low)
  let atLeft = bound(left)
  let atRight = bound(right)
  while (high - low > 1e-3) {
    if (atLeft < atRight) {
      high = right
      right = left
      atRight = atLeft
      left = high - GOLDEN * (high - low)
      atLeft = bound(left)
    } else {
      low = left
      left = right
      atLeft = atRight
      right = low + GOLDEN * (high - low)
      atRight = bound(right)
    }
  }
  return Math.max(0, Math.min(atLeft, atRight))
}
