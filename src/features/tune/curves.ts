/** Series of a run for its charts. Pure: they use points alone, so they are as covered as the points are. */
import type { RunSummary, StepPoint } from '../../../workers/protocol/tuner.ts'
import { type ChartPoint, smooth } from '../../ui/charts/series.ts'

/** Steps whose mean is drawn: a tenth of the run, so that the line is steady and still follows. */
function meanSpan(steps: number): number {
  return Math.max(3, Math.round(steps / 10))
}

/** How far into its plan a run is; ahead of the steps done where a pause cut some off. */
export function placeOf(run: RunSummary): number {
  return Math.max(run.stepsDone, run.points.at(-1)?.step ?? 0)
}

export type Curve = { readonly each: readonly ChartPoint[]; readonly mean: readonly ChartPoint[] }

export type Figure = 'loss' | 'accuracy' | 'clipped'

/** Points without the figure, as those of older runs, are left out. */
export function curveOf(run: RunSummary, figure: Figure): Curve {
  const each = run.points.flatMap(({ step, [figure]: y }) => (y === undefined ? [] : [{ x: step, y }]))
  return { each, mean: smooth(each, meanSpan(run.plan.steps)) }
}

export function epsilonCurve(points: readonly StepPoint[]): readonly ChartPoint[] {
  return points.flatMap(({ step, epsilon }) => (epsilon === null ? [] : [{ x: step, y: epsilon }]))
}
