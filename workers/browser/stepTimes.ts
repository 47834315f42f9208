/** Seconds that a row of a step takes here, measured once for all plans that it does not differ for. */
import type { TuningPlan } from '../protocol/tuning.ts'
import type { TuningRows } from '../tune/types.ts'

type Measured = { readonly measuring: Promise<number>; seconds: number | null }

export class StepTimes {
  /** Rows stand for the file, the task and the prompt's length. */
  readonly #known = new WeakMap<TuningRows, Map<string, Measured>>()

  /** Null where it was not measured, or is being measured. */
  known(rows: TuningRows, plan: TuningPlan): number | null {
    return this.#known.get(rows)?.get(kindOf(plan))?.seconds ?? null
  }

  /** Measures where that was not done yet; a second call meanwhile waits for the first. */
  async get(rows: TuningRows, plan: TuningPlan, measure: () => Promise<number>): Promise<number> {
    const kinds = this.#known.get(rows) ?? new Map<string, Measured>()
    this.#known.set(rows, kinds)
    const kind = kindOf(plan)
    const before = kinds.get(kind)
    if (before !== undefined) return await before.measuring
    const measured: Measured = { measuring: measure(), seconds: null }
    kinds.set(kind, measured)
    try {
      measured.seconds = await measured.measuring
      return measured.seconds
    } catch (error) {
      // The next one tries again.
      kinds.delete(kind)
      throw error
    }
  }
}

/** What changes the work of a row besides its text and the prompt's length. */
function kindOf({ privacy }: TuningPlan): 'plain' | 'clipped' {
  return privacy === null ? 'plain' : 'clipped'
}
