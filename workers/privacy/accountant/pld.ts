/**
 * ε by privacy loss distributions, in one direction: never below the truth, and above it by a chosen share. The grid
 * follows from a first guess of ε; what it costs is then known from the result itself, and while that is too much and
 * affordable, a finer one is taken.
 */
import { latticeOf, type LossRange, lossRange } from './lattice.ts'
import { type Direction, type Pair, placeOf, rowPair } from './pair.ts'
import { type Crossing, crossingOf } from './profile.ts'
import { type Composed, composeSpectra, spectrumOf, type Window } from './spectrum.ts'
import { type Moments, momentsOf, type Part, saddleAt, type Work } from './work.ts'

/** Wished excess of ε, relative, and the ε below which it becomes absolute. */
const TOLERANCE = 6e-5
/** The same where the first guess is only an upper bound: a first grid, to learn more from. */
const COARSE = 1e-2
const SMALL_EPSILON = 0.02
/** Share of δ that each truncation may take. */
const SHARE = 1e-7
/** Share of steps, weighed by what they add to δ, whose low losses may be raised to the lowest on the grid. */
const LOW_SHARE = 1e-7
/** Float noise above this share of δ calls for a tilt. */
const NOISE_SHARE = 1e-5
const TILTS = [0, 1 / 8, 1 / 4, 1 / 2, 1] as const
/** Bounds on the work, whatever the numbers: grid points of the whole loss and of one step. */
const LARGEST = 2 ** 19
const ROUNDS = 6
/** Orders that are tried for a tail bound, as powers of a ratio on both sides of a first guess. */
const REACHES = { low: -14, high: 6 } as const
const REACH_RATIO = 2
/** Gaussian steps beside sampled ones are split until each has this μ² at most. */
const GAUSSIAN_STEP = 4

/** A result, and what gives others for the same parts. */
export type Grid = {
  readonly crossing: Crossing
  readonly step: number
  readonly length: number
  /** How far ε may be above the truth. */
  readonly excess: number
  readonly whole: Composed
  /** The same after so many steps of each part, at most as many as the grid was made for. */
  readonly composed: (counts: readonly number[]) => Composed
}

/** `near`: an ε near the one sought. */
export type Question = {
  readonly delta: number
  readonly near: number
  /** Whether `near` is right to a few digits, or an upper bound that may be far off. */
  readonly isClose: boolean
  readonly moments: Moments
}

/** The best grid that is affordable. */
export function tightGrid(work: Work, direction: Direction, { delta, near, isClose, moments }: Question): Grid {
  const parts = partsOf(work)
  const total = parts.reduce((sum, { steps }) => sum + steps, 0)
  const first = (isClose ? TOLERANCE : COARSE) * Math.max(near, SMALL_EPSILON)
  const step = Math.sqrt((12 * first) / (total * (saddleAt(moments, near) + 1)))
  let best = gridAt(parts, direction, { delta, near, isClose, moments, step })
  for (let round = 1; round < ROUNDS; round += 1) {
    const { epsilon } = best.crossing
    const wished = TOLERANCE * Math.max(epsilon, SMALL_EPSILON)
    if (!(best.excess > 1.2 * wished) || best.length === LARGEST) return best
    const finer = best.step * Math.max(1 / 64, 0.9 * Math.sqrt(wished / best.excess))
    const next = gridAt(parts, direction, { delta, near: Math.min(near, epsilon), isClose: true, moments, step: finer })
    if (next.crossing.epsilon > epsilon * (1 - TOLERANCE)) return next.crossing.epsilon < epsilon ? next : best
    best = next
  }
  return best
}

/** The parts, with the Gaussian among them as steps of its own. */
function partsOf({ parts, gaussian }: Work): readonly Part[] {
  if (gaussian === 0) return parts
  const steps = Math.ceil(gaussian / GAUSSIAN_STEP)
  return [...parts, { pair: rowPair(1, Math.sqrt(steps / gaussian)), steps }]
}

type GridRequest = Question & { readonly step: number }

function gridAt(parts: readonly Part[], direction: Direction, request: GridRequest): Grid {
  const { delta } = request
  const total = parts.reduce((sum, { steps }) => sum + steps, 0)
  const lambda = saddleAt(request.moments, request.near)
  const tails = parts.map(({ pair }) => ({
    low: lowTail(pair, direction, { total, lambda }),
    high: (SHARE * delta) / total,
  }))
  const ranges = parts.map(({ pair }, i) => lossRange(pair, direction, at(tails, i)))
  // Beyond the range there is nothing on the grid; far out it would rule the moments of high order.
  const cutParts = parts.map(({ pair, steps }, i) => {
    const { low, high } = at(ranges, i)
    const cut = placeOf(pair, direction === 'remove' ? high : -low)
    return { pair, steps, cut, floor: { mass: at(tails, i).low, loss: low } }
  })
  const moments = momentsOf({ parts: cutParts, gaussian: 0 }, direction)
  const tilt = tiltFor({ ...request, moments }, total, lambda)
  const widest = Math.max(...ranges.map(({ low, high }) => high - low))
  let step = Math.max(request.step, widest / LARGEST)
  let span = spanOf(parts, ranges, { ...request, moments, step, tilt })
  const length = Math.min(LARGEST, 2 ** Math.max(6, Math.ceil(Math.log2((span.high - span.low) / step))))
  for (let round = 0; round < 2; round += 1) {
    step = (span.high - span.low) / (length - 4)
    span = spanOf(parts, ranges, { ...request, moments, step, tilt })
  }
  const window: Window = { first: Math.floor(span.low / step), length }
  const lattices = parts.map(({ pair }, i) => latticeOf(pair, direction, { step, ...at(ranges, i) }))
  const spectra = lattices.map((lattice) => spectrumOf(lattice, tilt, length))
  const last = (window.first + length - 1) * step
  const rates = cutParts.map((part) => {
    const alone = momentsOf({ parts: [{ ...part, steps: 1 }], gaussian: 0 }, direction)
    return gridMoment(alone, { c: span.order, total: 1, step })
  })
  const composed = (counts: readonly number[]): Composed => {
    const counted = spectra.map((spectrum, i) => ({ spectrum, steps: counts[i] ?? 0 }))
    const result = composeSpectra(counted, { step, tilt, window })
    if (last >= span.top) return result
    // What may lie above the window counts as infinite: at most exp(K(c) - c l) lies above l, for every c > 0.
    const moment = rates.reduce((sum, rate, i) => sum + rate * (counts[i] ?? 0), 0)
    return { ...result, infinite: result.infinite + Math.exp(moment - span.order * last) }
  }
  const whole = composed(parts.map(({ steps }) => steps))
  const crossing = crossingOf(whole, delta)
  const inflation = parts.reduce((sum, { steps }, i) => sum + steps * at(lattices, i).inflation, 0)
  return { crossing, step, length, excess: crossing.hazard * inflation, whole, composed }
}

/** Mass that may be cut off below: raising losses so rare, and so low under the tilt, does not show. */
function lowTail(
  pair: Pair,
  direction: Direction,
  { total, lambda }: { readonly total: number; readonly lambda: number },
): number {
  let tail = LOW_SHARE / total
  for (let share = 1 / 2; share > tail; share /= 2) {
    const { low } = lossRange(pair, direction, { low: share, high: share })
    if (total * share * Math.exp(lambda * low) < LOW_SHARE) tail = share
  }
  return tail
}

/**
 * The least tilt that keeps float noise out of ε. Untilted noise is about T units of 2^-53, which a small δ sees; at
 * the saddle it is as small, relative to δ, as it can be. Where ε is not known yet, only no tilt is safe.
 */
function tiltFor({ delta, near, isClose, moments }: GridRequest, total: number, lambda: number): number {
  const reference = isClose ? near : 0
  let best = { tilt: 0, noise: Infinity }
  for (const share of TILTS) {
    const tilt = share * lambda
    const noise = 4 * Number.EPSILON * total * Math.exp(moments(tilt)[0] - tilt * reference)
    if (noise < best.noise) best = { tilt, noise }
    if (noise < NOISE_SHARE * delta) break
  }
  return best.tilt
}

/**
 * Losses outside of which so little lies that it may wrap round: by Chernoff's bound under the tilt,
 * P(l > high) e^{..} <= exp(K(c) - (c-λ) high - λε) for every c > λ, and the same downwards.
 */
function spanOf(
  parts: readonly Part[],
  ranges: readonly LossRange[],
  { delta, near, moments, step, tilt }: GridRequest & { readonly tilt: number },
): Span {
  const total = parts.reduce((sum, { steps }) => sum + steps, 0)
  const room = tilt * near + Math.log(SHARE * delta)
  const bottom = parts.reduce((sum, { steps }, i) => sum + steps * (at(ranges, i).low - step), 0)
  const top = parts.reduce((sum, { steps }, i) => sum + steps * (at(ranges, i).high + step), 0)
  const [value, , curvature] = moments(tilt)
  const scale = Math.sqrt((2 * Math.max(1, value - room)) / curvature)
  let low = bottom
  let high = Infinity
  let order = tilt + scale
  for (let j = REACHES.low; j <= REACHES.high; j += 1) {
    const away = scale * REACH_RATIO ** j
    const bound = (gridMoment(moments, { c: tilt + away, total, step }) - room) / away
    if (bound < high) {
      high = bound
      order = tilt + away
    }
    const lowest = (room - gridMoment(moments, { c: tilt - away, total, step })) / away
    // Out of reach a moment is infinite, and comparisons with what follows from it fail.
    if (lowest > low) low = lowest
  }
  return { low: Math.min(low, 0), high: Math.min(top, Math.max(high, near)) + step, order, top }
}

type Span = LossRange & {
  /** Order c whose bound on the upper tail is the best found. */
  readonly order: number
  /** No loss is above. */
  readonly top: number
}

/** K(c) of the losses on the grid, at most: joining the dots raises that of one step by at most c(c+1)h²/8. */
function gridMoment(
  moments: Moments,
  { c, total, step }: { readonly c: number; readonly total: number; readonly step: number },
): number {
  return moments(c)[0] + total * Math.max(0, (c * (c + 1) * step * step) / 8)
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new RangeError(`no entry ${index} among ${list.length}`)
  return item
}
