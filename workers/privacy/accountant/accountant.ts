/** ε of runs of the Poisson-subsampled Gaussian mechanism on the same rows. */
import { checkRuns, plainEpsilon, rdpEpsilon, type Run, workOf } from './runs.ts'
import { isWithinReach, quickBound, solve } from './solve.ts'

/** Which computation the figures come from; stands in plans and certificates. */
export const ACCOUNTANT = 'softpost-pld-1'

/**
 * ε at `delta` of `steps` steps, never below the truth; 0 for no step, Infinity without noise.
 *
 * @throws RangeError for an argument outside its range.
 */
export function epsilonOf({ delta, ...run }: Run & { readonly delta: number }): number {
  return epsilonOfRuns([run], delta)
}

/**
 * ε at `delta` of all `runs` on the same rows together, never below the truth, in whatever order they were done; 0 for
 * none. Their numbers may not have been chosen by what earlier ones showed of the rows: see `filter.ts` for that.
 *
 * @throws RangeError for an argument outside its range.
 */
export function epsilonOfRuns(runs: readonly Run[], delta: number): number {
  checkRuns(runs, delta)
  const plain = plainEpsilon(runs, delta)
  if (plain !== null) return plain
  const work = workOf(runs)
  if (!isWithinReach(work, delta)) return rdpEpsilon(runs, delta)
  const { epsilon } = solve(work, 'remove', delta)
  if (quickBound(work, 'add', delta) <= epsilon) return epsilon
  return Math.max(epsilon, solve(work, 'add', delta).epsilon)
}

/** What each of the three computations says. */
export type Account = {
  /** The certified figure: the larger of the two directions. */
  readonly epsilon: number
  /** Against a neighbour that lacks the unit, and against one that has it beside. */
  readonly epsilonRemove: number
  readonly epsilonAdd: number
  /** The bound by Rényi divergences. */
  readonly rdpEpsilon: number
  /** Exact to nine digits by contour integration, but not bounds; null where that is out of reach. */
  readonly contourRemove: number | null
  readonly contourAdd: number | null
}

/** As {@link epsilonOfRuns}, in full. */
export function accountOf(runs: readonly Run[], delta: number): Account {
  checkRuns(runs, delta)
  const rdp = rdpEpsilon(runs, delta)
  const plain = plainEpsilon(runs, delta)
  const work = plain === null ? workOf(runs) : null
  if (work === null || !isWithinReach(work, delta)) {
    const epsilon = plain ?? rdp
    const unchecked = { contourRemove: null, contourAdd: null }
    return { epsilon, epsilonRemove: epsilon, epsilonAdd: epsilon, rdpEpsilon: rdp, ...unchecked }
  }
  const remove = solve(work, 'remove', delta)
  const add = solve(work, 'add', delta)
  return {
    epsilon: Math.max(remove.epsilon, add.epsilon),
    epsilonRemove: remove.epsilon,
    epsilonAdd: add.epsilon,
    rdpEpsilon: rdp,
    contourRemove: remove.exact,
    contourAdd: add.exact,
  }
}
