/**
 * What the best attack on a run can reach, from the same distributions as ε. For every ε, with δ of each direction,
 *
 *     hits <= e^ε false + δ_remove(ε)      1 - false <= e^ε (1 - hits) + δ_add(ε)
 *
 * where `false` is how often somebody is suspected who took no part, and `hits` how often somebody who did (Kairouz, Oh,
 * Viswanath 2015). At ε = 0, δ is the total variation distance, and a fair coin is guessed with (1 + δ(0))/2.
 */
import { gaussianDelta } from './gaussian.ts'
import type { Direction } from './pair.ts'
import { deltasOf } from './profile.ts'
import { checkRuns, plainEpsilon, type Run, workOf } from './runs.ts'
import { isWithinReach, type Solution, solve } from './solve.ts'
import type { Work } from './work.ts'

/** δ at an ε. */
type Point = { readonly epsilon: number; readonly delta: number }

export type AttackBound = {
  /** How often a fair coin that decided on taking part is guessed right, at most: from 1/2 to 1. */
  readonly rightGuesses: number
  /** The largest share of participants that is recognised while this share of others is suspected. */
  readonly hitsAt: (falseAlarms: number) => number
}

const CERTAIN: AttackBound = { rightGuesses: 1, hitsAt: () => 1 }

/**
 * For runs on the same rows. `delta` sets where the distributions are computed most closely.
 *
 * @throws RangeError for an argument outside its range.
 */
export function attackBound(runs: readonly Run[], delta: number): AttackBound {
  checkRuns(runs, delta)
  if (plainEpsilon(runs, delta) === Infinity) return CERTAIN
  const work = workOf(runs)
  const isIdle = work.parts.length === 0 && work.gaussian === 0
  const profiles = isIdle ? NOTHING : profilesOf(work, delta)
  if (profiles === null) return CERTAIN
  const { remove, add } = profiles
  return {
    rightGuesses: Math.min(1, (1 + Math.min(...remove.map(({ epsilon, delta }) => variationOf(epsilon, delta)))) / 2),
    hitsAt: (falseAlarms) => {
      let most = 1
      for (const { epsilon, delta } of remove) most = Math.min(most, Math.exp(epsilon) * falseAlarms + delta)
      for (const { epsilon, delta } of add) most = Math.min(most, 1 - Math.exp(-epsilon) * (1 - falseAlarms - delta))
      return Math.max(most, falseAlarms)
    },
  }
}

/** Total variation of whatever has this ε and δ: (e^ε - 1 + 2δ) / (e^ε + 1). */
function variationOf(epsilon: number, delta: number): number {
  const shrink = Math.exp(-epsilon)
  return Math.min(1, (1 - shrink + 2 * delta * shrink) / (1 + shrink))
}

type Profiles = Readonly<Record<Direction, readonly Point[]>>

const NOTHING: Profiles = { remove: [{ epsilon: 0, delta: 0 }], add: [{ epsilon: 0, delta: 0 }] }
/** ε at which δ of the plain Gaussian is taken, as shares of the largest that matters. */
const GAUSSIAN_POINTS = 400

/** Null where no grid is within reach, and with it no figure better than certainty. */
function profilesOf(work: Work, delta: number): Profiles | null {
  if (work.parts.length === 0) {
    const mu = Math.sqrt(work.gaussian)
    const far = mu * (mu / 2 + 8)
    const points = Array.from({ length: GAUSSIAN_POINTS }, (_, i) => {
      const epsilon = (far * i) / GAUSSIAN_POINTS
      return { epsilon, delta: gaussianDelta(mu, epsilon) }
    })
    return { remove: points, add: points }
  }
  if (!isWithinReach(work, delta)) return null
  const remove = pointsOf(solve(work, 'remove', delta))
  const add = pointsOf(solve(work, 'add', delta))
  return remove === null || add === null ? null : { remove, add }
}

function pointsOf({ grid }: Solution): readonly Point[] | null {
  return grid === null ? null : deltasOf(grid.whole)
}
