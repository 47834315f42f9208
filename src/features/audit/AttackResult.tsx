import type { AttackReport } from '../../../workers/protocol/audit.ts'
import { LineFigure } from '../../ui/charts/LineFigure.tsx'
import type { ChartSeries } from '../../ui/charts/series.ts'
import { cx } from '../../ui/cx.ts'
import { Facts } from '../../ui/Facts.tsx'
import { formatDecimal, formatPercent } from '../../ui/format.ts'
import styles from './AttackResult.module.css'
import { AUDIT_COPY } from './copy.ts'

const words = AUDIT_COPY.attack

export function AttackResult({ report }: { readonly report: AttackReport }) {
  const { auc, tprAt1, lnRatio, ceilingAt1, epsilon } = report
  return (
    <>
      <p>{words.about(report)}</p>
      <Facts
        facts={[
          { term: words.facts.auc, value: words.estimate(auc, percent) },
          { term: words.facts.found, value: words.estimate(tprAt1, percent) },
          { term: words.facts.ceiling, value: epsilon === null ? words.noCeiling : formatPercent(ceilingAt1) },
          { term: words.facts.ratio, value: words.estimate(lnRatio, nats) },
        ]}
      />
      <p>{words.verdict(auc)}</p>
      <LineFigure
        title={words.curve.title}
        figure={words.curve.figure(formatPercent(tprAt1.value))}
        summary={words.curve.summary(formatPercent(tprAt1.value), formatPercent(ceilingAt1))}
        xTitle={words.curve.x}
        xMax={100}
        yMax={100}
        formatY={wholePercent}
        series={seriesOf(report)}
        empty={words.curve.empty}
      />
      <Legend hasCeiling={epsilon !== null} />
      <ul className={styles.limits}>
        {words.limits(epsilon).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  )
}

/** Names the lines; the table view has the same names. */
function Legend({ hasCeiling }: { readonly hasCeiling: boolean }) {
  const lines = (['attack', 'ceiling', 'guessing'] as const).filter((line) => hasCeiling || line !== 'ceiling')
  return (
    <ul className={styles.legend} aria-hidden="true">
      {lines.map((line) => (
        <li key={line}>
          <svg viewBox="0 0 24 8" className={cx(styles.line, styles[line])}>
            <line x1="0" y1="4" x2="24" y2="4" strokeWidth={line === 'guessing' ? 1.5 : 3} />
          </svg>
          {words.curve[line]}
        </li>
      ))}
    </ul>
  )
}

const percent = (value: number) => formatPercent(value)
const wholePercent = (value: number) => formatPercent(value / 100)
const nats = (value: number) => formatDecimal(value, 2)

function seriesOf({ roc, epsilon }: AttackReport): ChartSeries[] {
  const line = (name: string, color: string, weight: ChartSeries['weight'], y: (point: Point) => number) => ({
    name,
    color,
    weight,
    points: roc.map((point) => ({ x: Math.round(100 * point.fpr), y: 100 * y(point) })),
  })
  return [
    line(words.curve.guessing, 'var(--ink-soft)', 'thin', ({ fpr }) => fpr),
    ...(epsilon === null ? [] : [line(words.curve.ceiling, 'var(--chart-3)', 'thick', ({ ceiling }) => ceiling)]),
    line(words.curve.attack, 'var(--chart-1)', 'thick', ({ tpr }) => tpr),
  ]
}

type Point = AttackReport['roc'][number]
