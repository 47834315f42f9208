import { lazy, Suspense, useId, useState } from 'react'
import { Button } from '../Button.tsx'
import { UI_COPY } from '../copy.ts'
import { Table } from '../Table.tsx'
import styles from './LineFigure.module.css'
import type { LinesProps } from './Lines.tsx'
import { loadLines } from './loadLines.ts'
import { downsample, mergeSeries } from './series.ts'

const Lines = lazy(async () => ({ default: (await loadLines()).Lines }))

type LineFigureProps = LinesProps & {
  readonly title: string
  /** The newest figure, in large type. */
  readonly figure: string
  /** The same as a sentence, for whoever does not see the picture. */
  readonly summary: string
  readonly xTitle: string
  /** In place of the chart until there is a point. */
  readonly empty: string
}

/** A chart with its newest figure, a sentence that says the same, and a view as a table. */
export function LineFigure({ title, figure, summary, xTitle, empty, ...lines }: LineFigureProps) {
  const [view, setView] = useState<'chart' | 'table'>('chart')
  const titleId = useId()
  const series = lines.series.map((line) => ({ ...line, points: downsample(line.points) }))
  const isEmpty = series.every((line) => line.points.length === 0)
  return (
    <figure className={styles.figure} aria-labelledby={titleId}>
      <figcaption className={styles.caption}>
        <span id={titleId} className={styles.title}>
          {title}
        </span>
        <span className={styles.number}>{figure}</span>
      </figcaption>
      <p className="visually-hidden">{summary}</p>
      <div className={styles.stage}>
        {isEmpty ? (
          <p className={styles.empty}>{empty}</p>
        ) : view === 'chart' ? (
          <div aria-hidden="true">
            <Suspense fallback={<p className={styles.empty}>{empty}</p>}>
              <Lines {...lines} series={series} />
            </Suspense>
          </div>
        ) : (
          <Table
            caption={title}
            hideCaption
            scroll
            columns={[
              { key: 'x', title: xTitle, align: 'end' },
              ...series.map(({ name }) => ({ key: name, title: name, align: 'end' as const })),
            ]}
            rows={mergeSeries(series).map(({ x, values }) => ({
              key: String(x),
              cells: [x, ...values.map((value) => (value === null ? '' : lines.formatY(value)))],
            }))}
          />
        )}
      </div>
      <Button variant="quiet" className={styles.toggle} onClick={() => setView(view === 'chart' ? 'table' : 'chart')}>
        {UI_COPY.chart[view === 'chart' ? 'table' : 'chart']}
        <span className="visually-hidden">: {title}</span>
      </Button>
    </figure>
  )
}
