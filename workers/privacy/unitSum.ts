/**
 * From the results of rows, in whatever order they come, to the exact sum of their units' contributions.
 *
 * A unit is a row, or a person with several. A person counts once: the mean of its rows is clipped and put on the grid
 * like a row's own gradient. The mean is taken in double precision, row after row as the unit lists them, when the last
 * of them is there: so a unit's integers depend on nothing but its own rows, bit for bit.
 */
import { SoftpostError } from '../protocol/errors.ts'
import {
  addContribution,
  boundedLoss,
  contributionLength,
  type ContributionPlan,
  type UnitResult,
} from './contribution.ts'

export type RowResult = {
  /** Gradient of this row's own loss, `size` values; may be a view of a longer array. */
  readonly gradient: Float32Array
  /** Nats. */
  readonly loss: number
  readonly correct: boolean
}

export class UnitSum {
  /** `contributionLength` integers. */
  readonly total: Float64Array<ArrayBuffer>
  readonly #plan: ContributionPlan
  /** For each row: its unit, and its place there. */
  readonly #places: readonly { readonly unit: number; readonly place: number; readonly rows: number }[]
  /** Results of units that are not complete. */
  readonly #waiting = new Map<number, RowResult[]>()

  /** @param unitSizes rows of each unit, which stand one after the other in the batch. */
  constructor(plan: ContributionPlan, unitSizes: readonly number[]) {
    this.#plan = plan
    this.total = new Float64Array(contributionLength(plan))
    this.#places = unitSizes.flatMap((rows, unit) =>
      Array.from({ length: rows }, (_, place) => ({ unit, place, rows })),
    )
  }

  /** @param row its place in the batch; each may be added once. */
  add(row: number, result: RowResult): void {
    const at = this.#places[row]
    if (at === undefined) throw new SoftpostError('internal', `UnitSum: no unit has row ${row}`)
    if (at.rows === 1) {
      addContribution(this.#plan, meanOf([result]), this.total)
      return
    }
    const own = this.#waiting.get(at.unit) ?? []
    this.#waiting.set(at.unit, own)
    // A view would keep the whole microbatch's gradients, or change with them.
    own[at.place] = { ...result, gradient: result.gradient.slice() }
    if (Object.keys(own).length < at.rows) return
    this.#waiting.delete(at.unit)
    addContribution(this.#plan, meanOf(own), this.total)
  }
}

/** Figures of a unit: the mean of its rows', with each loss cut at the public bound. */
function meanOf(rows: readonly RowResult[]): UnitResult {
  const [first] = rows
  if (rows.length === 1 && first !== undefined) {
    return { gradient: first.gradient, loss: first.loss, correct: first.correct ? 1 : 0 }
  }
  const gradient = new Float64Array(first?.gradient.length ?? 0)
  let loss = 0
  let correct = 0
  for (const row of rows) {
    for (let i = 0; i < gradient.length; i += 1) gradient[i] = (gradient[i] ?? 0) + (row.gradient[i] ?? 0)
    loss += boundedLoss(row.loss)
    correct += row.correct ? 1 : 0
  }
  return {
    gradient: gradient.map((sum) => sum / rows.length),
    loss: loss / rows.length,
    correct: correct / rows.length,
  }
}
