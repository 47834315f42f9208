import { memo, useDeferredValue } from 'react'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { Card } from '../../ui/Card.tsx'
import { LineFigure } from '../../ui/charts/LineFigure.tsx'
import type { ChartPoint } from '../../ui/charts/series.ts'
import { formatDecimal, formatFigure, formatPercent } from '../../ui/format.ts'
import { useThrottled } from '../../ui/useThrottled.ts'
import { TUNE_COPY } from './copy.ts'
import { curveOf, epsilonCurve, type Figure } from './curves.ts'
import styles from './Curves.module.css'

/** Charts are drawn at most four times a second. */
const REDRAW_MS = 250

export function Curves({ run }: { readonly run: RunSummary }) {
  // Deferred, React draws them in slices between which the page answers.
  const shown = useDeferredValue(useThrottled(run, REDRAW_MS))
  const words = TUNE_COPY.curves
  return (
    <Card title={words.title} lead={shown.plan.privacy === null ? words.plain : words.covered}>
      <Figures run={shown} />
    </Card>
  )
}

/** Remembered, or every new run would draw the old one once more before its own turn. */
const Figures = memo(function Figures({ run }: { readonly run: RunSummary }) {
  return (
    <div className={styles.grid}>
      <LearningFigure run={run} figure="accuracy" color="var(--chart-2)" format={asPercent} yMax={1} />
      <LearningFigure run={run} figure="loss" color="var(--chart-1)" format={asLoss} yMax={highest(run.points)} />
      {run.plan.privacy === null ? null : (
        <LearningFigure run={run} figure="clipped" color="var(--chart-4)" format={asPercent} yMax={1} />
      )}
      <BudgetFigure run={run} />
    </div>
  )
})

/** Noise may lift a single step above all others, so the axis follows the points. */
function highest(points: RunSummary['points']): number {
  return Math.max(0.1, ...points.map(({ loss }) => loss))
}

const asPercent = (value: number) => formatPercent(value)
const asLoss = (value: number) => formatDecimal(value, 2)

type LearningFigureProps = {
  readonly run: RunSummary
  readonly figure: Figure
  readonly color: string
  readonly format: (value: number) => string
  readonly yMax: number
}

function LearningFigure({ run, figure, color, format, yMax }: LearningFigureProps) {
  const words = TUNE_COPY.curves
  const { each, mean: loose } = curveOf(run, figure)
  // Noise may carry a share beyond what it can be; its mean stays on the chart.
  const mean = figure === 'loss' ? loose : loose.map(({ x, y }) => ({ x, y: Math.min(1, Math.max(0, y)) }))
  return (
    <LineFigure
      title={words[figure]}
      figure={newest(mean, format)}
      summary={summaryOf(words[figure], mean, format)}
      xTitle={words.step}
      xMax={run.plan.steps}
      yMax={yMax}
      formatY={format}
      series={[
        { name: words.each, color, weight: 'thin', points: each },
        { name: words.mean, color, weight: 'thick', points: mean },
      ]}
      empty={words.empty}
    />
  )
}

function BudgetFigure({ run }: { readonly run: RunSummary }) {
  const words = TUNE_COPY.curves
  const { privacy } = run.plan
  if (privacy === null) return <p className={styles.none}>{words.noEpsilon}</p>
  const points = epsilonCurve(run.points)
  return (
    <LineFigure
      title={words.epsilon}
      figure={
        points.length === 0 ? words.none : words.of(newest(points, formatFigure), formatFigure(privacy.epsilonPlanned))
      }
      summary={summaryOf(words.epsilon, points, formatFigure)}
      xTitle={words.step}
      xMax={run.plan.steps}
      yMax={privacy.epsilonPlanned * 1.1}
      formatY={formatFigure}
      limit={{ y: privacy.epsilonPlanned, label: words.limit(formatFigure(privacy.epsilonPlanned)) }}
      series={[{ name: words.spent, color: 'var(--chart-3)', weight: 'thick', points }]}
      empty={words.empty}
    />
  )
}

function newest(points: readonly ChartPoint[], format: (value: number) => string): string {
  const last = points.at(-1)
  return last === undefined ? TUNE_COPY.curves.none : format(last.y)
}

function summaryOf(title: string, points: readonly ChartPoint[], format: (value: number) => string): string {
  const [first] = points
  const last = points.at(-1)
  if (first === undefined || last === undefined) return TUNE_COPY.curves.empty
  return TUNE_COPY.curves.summary(title, format(first.y), format(last.y), String(last.x))
}
