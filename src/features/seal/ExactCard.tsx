import { useState } from 'react'
import { assertNever } from '../../../workers/protocol/errors.ts'
import { classNames } from '../../../workers/protocol/task.ts'
import type { ExactReport, RunSummary } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ConfusionMatrix } from '../../ui/ConfusionMatrix.tsx'
import { formatCount, formatDecimal, formatPercent } from '../../ui/format.ts'
import { Progress } from '../../ui/Progress.tsx'
import { Table } from '../../ui/Table.tsx'
import { LocalFailure } from '../tryout/LocalFailure.tsx'
import { SEAL_COPY } from './copy.ts'
import { SealDialog } from './SealDialog.tsx'
import { type Look, lookInside, useSeal } from './store.ts'

const LEADS = { closed: SEAL_COPY.card.closed, lifted: SEAL_COPY.card.lifted, none: SEAL_COPY.card.none } as const

/** Exact figures of a run's rows, behind the seal. */
export function ExactCard({ run }: { readonly run: RunSummary }) {
  const [isAsking, setIsAsking] = useState(false)
  const look = useSeal((state) => state.look)
  const words = SEAL_COPY.card
  const own = look.status !== 'idle' && look.runId === run.runId ? look : null
  const show = () => void lookInside(run.runId)
  return (
    <Card title={words.title} lead={LEADS[run.seal ?? 'none']}>
      {own === null ? null : <Stage look={own} run={run} again={show} />}
      {own?.status === 'looking' ? null : (
        <p>
          {run.seal === 'closed' ? (
            <Button onClick={() => setIsAsking(true)}>{words.lift}</Button>
          ) : (
            <Button onClick={show}>{own?.status === 'seen' ? words.again : words.show}</Button>
          )}
        </p>
      )}
      <SealDialog runId={run.runId} open={isAsking} onClose={() => setIsAsking(false)} onLifted={show} />
    </Card>
  )
}

type StageProps = {
  readonly look: Exclude<Look, { status: 'idle' }>
  readonly run: RunSummary
  readonly again: () => void
}

function Stage({ look, run, again }: StageProps) {
  switch (look.status) {
    case 'looking':
      return <Progress label={SEAL_COPY.card.working} share={null} />
    case 'failed':
      return <LocalFailure error={look.error} runId={run.runId} again={again} />
    case 'seen':
      return <Figures report={look.report} classes={classNames(run.plan.task)} />
    default:
      return assertNever(look)
  }
}

function Figures({ report, classes }: { readonly report: ExactReport; readonly classes: readonly string[] }) {
  const words = SEAL_COPY.figures
  const parts = (['trained', 'heldOut'] as const).flatMap((part) => {
    const figures = report[part]
    return figures === null ? [] : [{ part, name: words[part], ...figures }]
  })
  return (
    <>
      <p>{SEAL_COPY.card.private}</p>
      <Table
        caption={words.caption}
        hideCaption
        columns={[
          { key: 'part', title: words.part },
          { key: 'count', title: words.count, align: 'end' },
          { key: 'right', title: words.right, align: 'end' },
          { key: 'loss', title: words.loss, align: 'end' },
        ]}
        rows={parts.map(({ part, name, rows, accuracy, loss }) => ({
          key: part,
          cells: [name, formatCount(rows), formatPercent(accuracy), formatDecimal(loss, 2)],
        }))}
      />
      {classes.length === 0
        ? null
        : parts.map(({ part, name, confusion }) => (
            <ConfusionMatrix key={part} caption={words.matrix(name)} classes={classes} counts={confusion} />
          ))}
      {report.mostWrong.length === 0 ? (
        <p>{words.noneWrong}</p>
      ) : (
        <Table
          caption={words.worst}
          columns={[
            { key: 'text', title: words.text },
            { key: 'label', title: words.label },
            { key: 'predicted', title: words.predicted },
          ]}
          rows={report.mostWrong.map(({ text, label, predicted }, index) => ({
            key: String(index),
            cells: [text, label, predicted],
          }))}
        />
      )}
    </>
  )
}
