/**
 * What looks at held-out units say of a run's prompts. Where most rows are right from the start their gradients hardly
 * agree, and steps that are long whatever they consist of may lead away from a good prompt.
 *
 * A run ends with its last prompt. Whoever started it may take an earlier one instead: with DP that is post-processing,
 * since the prompts are covered by the run's noise and the looks' counts by their own.
 */
import type { HeldOutReport } from '../protocol/tuner.ts'
import type { Look, TuningState } from './types.ts'

export type LookSizes = {
  /** Units that are held out. */
  readonly units: number
  /** Deviation of the noise on each count, in units; 0 without DP. */
  readonly sigma: number
}

/** The state after a look at its prompt, or at an earlier one. */
export function afterLook(state: TuningState, seen: Pick<Look, 'report' | 'prompt'>, sizes: LookSizes): TuningState {
  const look: Look = { ...seen, error: errorOf(seen.report, sizes) }
  const best = state.looks?.best
  const isBest = best === undefined || look.report.accuracy >= best.report.accuracy
  return { ...state, looks: { best: isBest ? look : best, last: look } }
}

/** An earlier look that was better than the last one by more than chance explains; null where there is none. */
export function betterLook({ looks }: TuningState): Look | null {
  if (looks === undefined) return null
  const { best, last } = looks
  return best.report.accuracy - last.report.accuracy > last.error ? best : null
}

/** The state with the prompt of the best look in the place of its own, which a second time brings back. */
export function exchanged({
  looks,
  ...state
}: TuningState): { readonly state: TuningState; readonly look: Look } | null {
  if (looks === undefined) return null
  const { best, last } = looks
  return {
    state: { ...state, prompt: best.prompt, looks: { best: { ...last, prompt: state.prompt }, last: best } },
    look: best,
  }
}

/** As if the two looks were at different units; at the same ones the difference varies less. */
function errorOf({ accuracy, confusion }: HeldOutReport, { units, sigma }: LookSizes): number {
  const sampling = (accuracy * (1 - accuracy)) / units
  const noise = confusion.length * (sigma / units) ** 2
  return Math.sqrt(2 * (sampling + noise))
}
