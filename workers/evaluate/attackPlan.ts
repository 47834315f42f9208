/** The plan of an attack: as a run's own, on fewer rows and in fewer steps, since it is done many times over. */
import { epsilonOf } from '../privacy/accountant/accountant.ts'
import type { Guarantee } from '../privacy/audit/roc.ts'
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

/** Where ε is computed beside the plan's own δ: from what is hardly ever given away to what is given away half the time. */
const DELTAS = [1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

/** ε of a plan at many δ, which together bound every attack far better than its one pair. */
export function guaranteeOf({ privacy, sampleRate, steps }: TuningPlan): Guarantee {
  if (privacy === null) return []
  const { sigma, delta, epsilonPlanned } = privacy
  return [
    { epsilon: epsilonPlanned, delta },
    ...DELTAS.map((delta) => ({ epsilon: epsilonOf({ sigma, sampleRate, steps, delta }), delta })),
  ]
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
