/**
 * What happens at which step of a plan. Everything here is a function of the plan and of the step's place among those
 * whose budget is spent, never of a private figure.
 */
import { epsilonAfter } from '../privacy/accountant/meter.ts'
import type { TuningPlan } from '../protocol/tuning.ts'

/** Evaluations on held-out rows in a run without DP, where they cost time alone. */
const PLAIN_EVALUATIONS = 10

/** Falls from the plan's learning rate to 0 along half a cosine; `place` counts from 0. */
export function learningRateAt(
  { learningRate, steps }: Pick<TuningPlan, 'learningRate' | 'steps'>,
  place: number,
): number {
  return (learningRate / 2) * (1 + Math.cos((Math.PI * place) / steps))
}

/**
 * After how many spent steps the held-out rows are looked at: evenly, from the prompt before the first step (0, part of
 * the first block) to that after the last, which a single look is for. Since each number of spent steps is passed once,
 * crashes and resumes included, no run evaluates more often than its plan covers.
 */
export function evaluationSteps({ steps, privacy }: Pick<TuningPlan, 'steps' | 'privacy'>): ReadonlySet<number> {
  const evaluations = privacy === null ? PLAIN_EVALUATIONS : privacy.heldOutEvaluations
  const last = evaluations - 1
  return new Set(
    Array.from({ length: evaluations }, (_, index) => (last === 0 ? steps : Math.ceil((index * steps) / last))),
  )
}

/**
 * ε at the plan's δ after so many spent steps, null without DP. A row is trained on or held out, so the larger of the
 * two parts counts, with the evaluations that those steps include.
 */
export function epsilonSpentAfter(plan: TuningPlan): (spentSteps: number) => number | null {
  const { privacy, sampleRate, steps } = plan
  if (privacy === null) return () => null
  const { sigma, heldOutSigma, delta } = privacy
  // The look before the first step is taken when that step's budget is spent.
  const places = [...evaluationSteps(plan)].map((place) => Math.max(1, place))
  const train = epsilonAfter({ sigma, sampleRate, steps, delta })
  const heldOut = epsilonAfter({ sigma: heldOutSigma, sampleRate: 1, steps: places.length, delta })
  return (spentSteps) => Math.max(train(spentSteps), heldOut(places.filter((place) => place <= spentSteps).length))
}
