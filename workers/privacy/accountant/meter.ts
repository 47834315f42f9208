/** ε as a run goes on. */
import { epsilonOf } from './accountant.ts'
import type { Direction } from './pair.ts'
import type { Jet } from './mgf.ts'
import { crossingOf } from './profile.ts'
import { checkRuns, plainEpsilon, type Run, workOf } from './runs.ts'
import { isWithinReach, type Solution, solve } from './solve.ts'
import { momentBound, momentsOf, type Work } from './work.ts'

/**
 * ε after k steps for every k up to `steps`, a few milliseconds a call: the spectrum of one step is computed once. After
 * the last step it is that of `epsilonOf`.
 *
 * @throws RangeError for an argument outside its range, here or in a later call.
 */
export function epsilonAfter({ delta, ...run }: Run & { readonly delta: number }): (steps: number) => number {
  checkRuns([run], delta)
  const work = plainEpsilon([run], delta) === null ? workOf([run]) : null
  const isGridded = work !== null && work.parts.length > 0 && isWithinReach(work, delta)
  const remove = isGridded ? directionMeter(work, 'remove', delta) : null
  const add = isGridded ? directionMeter(work, 'add', delta) : null
  return (steps) => {
    if (steps > run.steps) throw new RangeError(`steps must be at most ${run.steps}, got ${steps}`)
    const done = { ...run, steps }
    checkRuns([done], delta)
    if (remove === null || add === null) return epsilonOf({ ...done, delta })
    const plain = plainEpsilon([done], delta)
    if (plain !== null) return plain
    const epsilon = remove.epsilonAt(steps)
    return add.boundAt(steps) <= epsilon ? epsilon : Math.max(epsilon, add.epsilonAt(steps))
  }
}

type DirectionMeter = {
  /** Quick, and never below the other. */
  readonly boundAt: (steps: number) => number
  readonly epsilonAt: (steps: number) => number
}

/** For a work of one part. The grid is made when it is first needed. */
function directionMeter(work: Work, direction: Direction, delta: number): DirectionMeter {
  const moments = momentsOf(work, direction)
  const total = work.parts.reduce((sum, { steps }) => sum + steps, 0)
  let solution: Solution | null = null
  const boundAt = (steps: number): number => momentBound((c) => scaled(moments(c), steps / total), delta)
  return {
    boundAt,
    epsilonAt: (steps) => {
      solution ??= solve(work, direction, delta)
      if (steps === total || solution.grid === null) return solution.epsilon
      return Math.min(boundAt(steps), crossingOf(solution.grid.composed([steps]), delta).epsilon)
    },
  }
}

function scaled([value, slope, curvature]: Jet, share: number): Jet {
  return [share * value, share * slope, share * curvature]
}
