/** How fast a run goes since it was begun or resumed. Counts expected rows: the size of a batch is private. */
import type { TuningPlan } from '../protocol/tuning.ts'

/** Weight of the newest step in the running mean. */
const NEWEST = 0.2

export class Pace {
  readonly #plan: TuningPlan
  #secondsPerStep: number | null = null
  #stepsLeft: number
  #since = performance.now()

  constructor(plan: TuningPlan) {
    this.#plan = plan
    this.#stepsLeft = plan.steps
  }

  /** @param spent the step that is done, by its place in the plan. */
  count(spent: number): void {
    const now = performance.now()
    const seconds = (now - this.#since) / 1000
    this.#since = now
    this.#stepsLeft = this.#plan.steps - spent
    this.#secondsPerStep =
      this.#secondsPerStep === null ? seconds : this.#secondsPerStep + NEWEST * (seconds - this.#secondsPerStep)
  }

  report(): { readonly examplesPerSecond: number; readonly secondsLeft: number } {
    const seconds = Math.max(this.#secondsPerStep ?? 0, Number.EPSILON)
    return { examplesPerSecond: this.#plan.batchSize / seconds, secondsLeft: this.#stepsLeft * seconds }
  }
}
