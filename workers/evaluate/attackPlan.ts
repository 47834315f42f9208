/** The plan of an attack: as a run's own, on fewer rows and in fewer steps, since it is done many times over. */
import { attackBound } from '../privacy/accountant/attack.ts'
import type { Ceiling } from '../privacy/audit/roc.ts'
import { cryptoRandom, forEachPair } from '../privacy/random.ts'
import type { Task } from '../protocol/task.ts'
import type { TuningPlan, TuningRequest } from '../protocol/tuning.ts'
import { makePlan } from '../tune/plan.ts'
import type { TuningRows } from '../tune/types.ts'

/** Of the rows that an attack is about; each prompt sees half of them. */
export const ATTACK_ROWS = 400

/**
 * Rows are told apart, whatever the unit of the run: what holds for persons holds for each of their rows.
 * @throws SoftpostError as `makePlan` does.
 */
export function attackPlan(
  request: TuningRequest,
  { task, rows }: { readonly task: Task; readonly rows: number },
): TuningPlan {
  const { maxRowsPerPerson: _persons, ...ofRows } = request
  return makePlan(ofRows, { task, trainRows: Math.floor(rows / 2), heldOutRows: 0 })
}

/** What the accountant lets any attack on prompts of this plan find. */
export function ceilingOf({ privacy, sampleRate, steps }: TuningPlan): Ceiling {
  if (privacy === null) return () => 1
  const { sigma, delta } = privacy
  return attackBound([{ sigma, sampleRate, steps }], delta).hitsAt
}

/** At most `count` rows by chance: those that are held out of a run as well, since nothing of an attack is released. */
export function attackRows(rows: TuningRows, count: number): Pick<TuningRows, 'encoded' | 'labels'> {
  const keys: { readonly row: number; readonly key: number }[] = []
  forEachPair(cryptoRandom, rows.encoded.length, (row, high, low) => {
    keys.push({ row, key: high * 2 ** 21 + (low >>> 11) })
  })
  const chosen = keys
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ row }) => row)
  return {
    encoded: chosen.flatMap((row) => rows.encoded[row] ?? []),
    labels: Int32Array.from(chosen, (row) => rows.labels[row] ?? 0),
  }
}
