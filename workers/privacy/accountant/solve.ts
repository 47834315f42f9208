/** ε of a work in one direction: the certified figure, checked against two computations that share no grid with it. */
import { exactEpsilon } from './contour.ts'
import { gaussianEpsilon } from './gaussian.ts'
import type { Direction } from './pair.ts'
import { type Grid, tightGrid } from './pld.ts'
import { momentBound, type Moments, momentsOf, type Work } from './work.ts'

export type Solution = {
  /** Never below the truth. */
  readonly epsilon: number
  /** The truth to nine digits by the contour integral, where that is within reach. */
  readonly exact: number | null
  /** Null for what has a closed form. */
  readonly grid: Grid | null
  readonly moments: Moments
}

/** The certified ε may not lie below the exact one by more than the digits of the latter. */
const AGREEMENT = 1e-7
/** Outwards rounding of a bound by moments: T times their float error. */
const OUTWARD = 1 + 1e-9

/**
 * Numbers within which the grid and the contour are laid out; beyond, noise protects nothing or everything and the
 * bound by Rényi divergences has to do. Keeps the work bounded whatever a certificate claims.
 */
const REACH = { sigma: [1 / 8, 1024], sampleRate: 1e-7, steps: 1e8, gaussian: 1e4, delta: 1e-15, epsilon: 1e4 } as const

export function isWithinReach({ parts, gaussian }: Work, delta: number): boolean {
  const [low, high] = REACH.sigma
  return (
    delta >= REACH.delta &&
    (parts.length === 0 || (gaussian <= REACH.gaussian && (gaussian === 0 || gaussian >= 1 / (high * high)))) &&
    parts.every(({ pair: { sigma, weights }, steps }) => {
      const isSampled = 1 - (weights[0] ?? 0) >= REACH.sampleRate
      return sigma >= low && sigma <= high && steps <= REACH.steps && isSampled
    })
  )
}

/** @throws Error where the computations contradict each other: then none of them may be trusted. */
export function solve(work: Work, direction: Direction, delta: number): Solution {
  const moments = momentsOf(work, direction)
  const bound = momentBound(moments, delta) * OUTWARD
  if (work.parts.length === 0) {
    const exact = gaussianEpsilon(Math.sqrt(work.gaussian), delta)
    return { epsilon: Math.min(exact, bound), exact, grid: null, moments }
  }
  if (bound > REACH.epsilon) return { epsilon: bound, exact: null, grid: null, moments }
  const exact = exactEpsilon(work, direction, { moments, delta, near: bound })
  const grid = tightGrid(work, direction, { delta, near: exact ?? bound, isClose: exact !== null, moments })
  const epsilon = Math.min(grid.crossing.epsilon, bound)
  if (exact !== null && epsilon < exact * (1 - AGREEMENT) - AGREEMENT) {
    throw new Error(`accountant: ε = ${epsilon} by loss distributions is below ${exact} by contour (${direction})`)
  }
  return { epsilon, exact, grid, moments }
}

/** An upper bound on ε of one direction, from its moments alone: quick, and often enough to rule the direction out. */
export function quickBound(work: Work, direction: Direction, delta: number): number {
  return momentBound(momentsOf(work, direction), delta) * OUTWARD
}

/**
 * ε near enough to search by, but no bound: exact to nine digits where the contour is within reach. Where it was not
 * once, it is not tried again.
 */
export function roughEpsilonOf(delta: number): (work: Work) => number {
  let isWithinContour = true
  const inDirection = (work: Work, direction: Direction): number => {
    const moments = momentsOf(work, direction)
    const near = momentBound(moments, delta) * OUTWARD
    if (near > REACH.epsilon) return near
    const exact = isWithinContour ? exactEpsilon(work, direction, { moments, delta, near }) : null
    if (exact !== null) return exact
    isWithinContour = false
    return tightGrid(work, direction, { delta, near, isClose: false, moments }).crossing.epsilon
  }
  return (work) => {
    if (work.parts.length === 0) return gaussianEpsilon(Math.sqrt(work.gaussian), delta)
    const remove = inDirection(work, 'remove')
    return quickBound(work, 'add', delta) <= remove ? remove : Math.max(remove, inDirection(work, 'add'))
  }
}
