/** ε for a person who stands in several rows, where rows are the unit of a run. */
import { groupPair } from './pair.ts'
import { checkRuns, plainEpsilon, type Run } from './runs.ts'
import { isWithinReach, quickBound, solve } from './solve.ts'
import type { Work } from './work.ts'

/** Rows of one person that are accounted for. */
const MOST_ROWS = 64

/** A run, and how many of the person's rows are in it; 0 where none is. */
export type GroupRun = Run & { readonly rows: number }

/**
 * ε at `delta` for all rows of one person together; each row is sampled by itself, and what they add may all point the
 * same way (arXiv 2401.10294). Infinity where no figure is known.
 *
 * @throws RangeError for an argument outside its range.
 */
export function epsilonOfGroup(runs: readonly GroupRun[], delta: number): number {
  checkRuns(runs, delta)
  for (const { rows } of runs) {
    if (Number.isInteger(rows) && rows >= 0 && rows <= MOST_ROWS) continue
    throw new RangeError(`rows must be a whole number from 0 to ${MOST_ROWS}, got ${rows}`)
  }
  // One of the rows is in a batch at most so much more often than one row alone.
  const chances = runs.map((run) => ({ ...run, sampleRate: run.rows === 0 ? 0 : run.sampleRate }))
  const plain = plainEpsilon(chances, delta / Math.max(1, ...runs.map(({ rows }) => rows)))
  if (plain !== null) return plain
  const work = groupWork(chances)
  if (!isWithinReach(work, delta)) return Infinity
  const { epsilon } = solve(work, 'remove', delta)
  return quickBound(work, 'add', delta) <= epsilon ? epsilon : Math.max(epsilon, solve(work, 'add', delta).epsilon)
}

function groupWork(runs: readonly GroupRun[]): Work {
  const costly = runs.filter(({ sampleRate, steps }) => sampleRate > 0 && steps > 0)
  return {
    parts: costly
      .filter(({ sampleRate }) => sampleRate < 1)
      .map(({ rows, sigma, sampleRate, steps }) => ({ pair: groupPair(rows, sampleRate, sigma), steps })),
    // Without sampling the rows always come together.
    gaussian: costly
      .filter(({ sampleRate }) => sampleRate === 1)
      .reduce((sum, { rows, sigma, steps }) => sum + (steps * rows * rows) / sigma / sigma, 0),
  }
}
