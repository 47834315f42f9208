/**
 * The privacy loss of one step on a grid, rounded so that no δ falls: connect-the-dots (Doroshenko, Ghazi, Kamath,
 * Kumar, Manurangsi, arXiv 2207.04380) in bin form. Of each bin [l_i, l_{i+1}], with masses P_i and Q_i under the
 * observed and the other world,
 *
 *     (P_i - e^{l_i} Q_i) / (1 - e^{-h})
 *
 * goes to its upper end and the rest of P_i to its lower end. Both masses are kept, so E[(1 - e^{ε-l})+], convex in
 * e^{-l}, only grows, and goes on to do so under convolution. The cost in ε is O(T h²), not O(T h).
 */
import { type Direction, lossAt, type Pair, placeOf, reachOf } from './pair.ts'
import { normalTail } from './special.ts'

export type Lattice = {
  /** Grid step h. */
  readonly step: number
  /** The first mass stands at loss `first` · h. */
  readonly first: number
  readonly masses: Float64Array<ArrayBuffer>
  /** Mass whose loss counts as infinite. */
  readonly infinite: number
  /** How far the dots raise the mean loss, at most. */
  readonly inflation: number
}

/** Half an ulp, relative. */
const ULP = Number.EPSILON / 2

/** Losses that a lattice covers, before rounding to the grid. */
export type LossRange = { readonly low: number; readonly high: number }

/** The losses whose tails, on either side, have less mass than these in the observed world. */
export function lossRange(
  pair: Pair,
  direction: Direction,
  tails: { readonly low: number; readonly high: number },
): LossRange {
  const place = (tail: number): number => Math.sqrt(-2 * Math.log(tail)) * pair.sigma
  return direction === 'remove'
    ? { low: lossAt(pair, -place(tails.low)), high: lossAt(pair, reachOf(pair) + place(tails.high)) }
    : { low: -lossAt(pair, place(tails.low)), high: -lossAt(pair, -place(tails.high)) }
}

/** One step on a grid. What lies above the range counts as an infinite loss, what lies below as the lowest. */
export function latticeOf(
  pair: Pair,
  direction: Direction,
  { step, low, high }: LossRange & { readonly step: number },
): Lattice {
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.ceil(high / step))
  const masses = new Float64Array(last - first + 1)
  const isRemove = direction === 'remove'
  const shrink = -Math.expm1(-step)
  const count = pair.weights.length
  const edges = [newEdge(count), newEdge(count)] as const
  const edge = (index: number): Edge =>
    setEdge(edges[index & 1 ? 1 : 0], pair, placeOf(pair, (isRemove ? 1 : -1) * index * step))
  // Σ θ(1-θ)P, θ the share of a bin that moves up. That times h²/2 is what joining the dots adds to the mean if each
  // bin's mass stood at one point, and more than it adds if it does not.
  let spread = 0
  let lower = edge(first)
  masses[0] = massBeyond(pair, direction, lower, 'below')
  for (let index = first; index < last; index += 1) {
    const upper = edge(index + 1)
    const [left, right] = isRemove ? [lower, upper] : [upper, lower]
    const scale = Math.exp(index * step)
    let mix = 0
    let base = 0
    let slack = 0
    for (let j = 0; j < count; j += 1) {
      const weight = pair.weights[j] ?? 0
      const part = massBetween(left, right, j)
      const error = errorBetween(left, right, j)
      mix += weight * part
      slack += weight * error * (isRemove ? 1 : scale)
      if (j > 0) continue
      base = part
      slack += error * (isRemove ? scale : 1)
    }
    const mass = isRemove ? mix : base
    // What rounding may have taken from the difference is given back.
    const up = (mass - scale * (isRemove ? base : mix) + slack) / shrink
    const moved = Math.min(mass, Math.max(0, up))
    if (mass > 0) spread += (moved * (mass - moved)) / mass
    const place = index - first
    masses[place] = (masses[place] ?? 0) + mass - moved
    masses[place + 1] = (masses[place + 1] ?? 0) + moved
    lower = upper
  }
  return {
    step,
    first,
    masses,
    infinite: massBeyond(pair, direction, lower, 'above'),
    inflation: (spread * step * step) / 2,
  }
}

/** An x, as for each mean j of the pair the place z = (x-j)/σ with the smaller of its two tails. */
type Edge = { readonly z: Float64Array; readonly tail: Float64Array }

function newEdge(count: number): Edge {
  return { z: new Float64Array(count), tail: new Float64Array(count) }
}

function setEdge(edge: Edge, { sigma, weights }: Pair, x: number): Edge {
  for (let j = 0; j < weights.length; j += 1) {
    const z = (x - j) / sigma
    edge.z[j] = z
    edge.tail[j] = normalTail(Math.abs(z))
  }
  return edge
}

/** Mass of the j-th normal distribution between two edges, as a difference of tails on their own side. */
function massBetween(left: Edge, right: Edge, j: number): number {
  const a = left.tail[j] ?? 0
  const b = right.tail[j] ?? 0
  if ((left.z[j] ?? 0) > 0) return Math.max(0, a - b)
  return Math.max(0, (right.z[j] ?? 0) <= 0 ? b - a : 1 - a - b)
}

/** How far rounding may have moved {@link massBetween}. */
function errorBetween(left: Edge, right: Edge, j: number): number {
  const nearer = Math.max(left.z[j] ?? 0, -(right.z[j] ?? 0), 0)
  return ULP * (8 + 2 * nearer * nearer) * Math.max(left.tail[j] ?? 0, right.tail[j] ?? 0)
}

/** Mass of the observed world whose loss is beyond the edge. */
function massBeyond({ weights }: Pair, direction: Direction, { z, tail }: Edge, side: 'below' | 'above'): number {
  const isLeft = (direction === 'remove') === (side === 'below')
  let total = 0
  for (let j = 0; j < weights.length; j += 1) {
    const isSmall = (z[j] ?? 0) <= 0 === isLeft
    const mass = isSmall ? (tail[j] ?? 0) : 1 - (tail[j] ?? 0)
    if (direction === 'remove') total += (weights[j] ?? 0) * mass
    else if (j === 0) total += mass
  }
  return total
}
