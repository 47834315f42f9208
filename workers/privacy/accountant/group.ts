/** ε for a person who stands in several rows, where rows are the unit of a run. */
import { checkRuns, plainEpsilon, type Run } from './runs.ts'
import { groupPair } from './pair.ts'
import { isWithinReach, solve } from './solve.ts'
import type { Work } from './work.ts'

/** Rows of one person that are accounted for. */
const MOST_ROWS = 64

/**
 * ε at `delta` for all `rows` rows of one person together; each row is sampled by itself, and what they add may all
 * point the same way (arXiv 2401.10294). Infinity where no figure is known.
 *
 * @throws RangeError for an argument outside its range.
 */
export function epsilonOfGroup(rows: number, runs: readonly Run[], delta: number): number {
  checkRuns(runs, delta)
  if (!Number.isInteger(rows) || rows < 1 || rows > MOST_ROWS) {
    throw new RangeError(`rows must be a whole number from 1 to ${MOST_ROWS}, got ${rows}`)
  }
  // One of the rows is in a batch at most so much more often than one row alone.
  const plain = plainEpsilon(runs, delta / rows)
  if (plain !== null) return plain
  const work = groupWork(rows, runs)
  if (!isWithinReach(work, delta)) return Infinity
  return Math.max(solve(work, 'remove', delta).epsilon, solve(work, 'add', delta).epsilon)
}

function groupWork(rows: number, runs: readonly Run[]): Work {
  const costly = runs.filter(({ sampleRate, steps }) => sampleRate > 0 && steps > 0)
  return {
    parts: costly
      .filter(({ sampleRate }) => sampleRate < 1)
      .map(({ sigma, sampleRate, steps }) => ({ pair: groupPair(rows, sampleRate, sigma), steps })),
    gaussian: costly
      .filter(({ sampleRate }) => sampleRate === 1)
      .reduce((sum, { sigma, steps }) => sum + (steps * rows * rows) / sigma / sigma, 0),
  }
}
