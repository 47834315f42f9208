import { useState } from 'react'
import { assertNever } from '../../../workers/protocol/errors.ts'
import type { SentTransfer } from '../../storage/schema.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Checkbox, TextField } from '../../ui/Field.tsx'
import { FileDrop } from '../../ui/FileDrop.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { providerHost } from '../send/store.ts'
import { HostFailure } from '../send/HostFailure.tsx'
import { USE_COPY } from './copy.ts'
import {
  askToSend,
  dropFile,
  labelHere,
  type Labelling,
  labelThere,
  saveLabelled,
  setColumn,
  stopLabelling,
  takeFile,
  useLabelling,
} from './store.ts'

type Answers = 'classes' | 'texts'

type LabelFileProps = {
  readonly runId: string
  readonly answers: Answers
  readonly transfer: SentTransfer | null
}

export function LabelFile({ runId, answers, transfer }: LabelFileProps) {
  const { reader, file, column, labelling } = useLabelling()
  if (file === null) return <FileDrop words={USE_COPY.pick} onFile={takeFile} />
  const busy = labelling.status === 'working' || labelling.status === 'stopping' || labelling.status === 'reading'
  const start = () => void (transfer !== null && reader === 'provider' ? askToSend() : labelHere(runId))
  return (
    <Card
      title={USE_COPY.file(file.name, file.sizeBytes)}
      aside={
        busy ? null : (
          <Button variant="quiet" onClick={dropFile}>
            {labelling.status === 'done' ? USE_COPY.done.another : USE_COPY.other}
          </Button>
        )
      }
    >
      {labelling.status === 'chosen' || labelling.status === 'failed' ? (
        <TextField
          label={USE_COPY.column}
          hint={USE_COPY.columnHint}
          value={column}
          onChange={(event) => setColumn(event.currentTarget.value)}
        />
      ) : null}
      <Stage labelling={labelling} runId={runId} answers={answers} transfer={transfer} start={start} />
    </Card>
  )
}

type StageProps = {
  readonly labelling: Labelling
  readonly runId: string
  readonly answers: Answers
  readonly transfer: SentTransfer | null
  readonly start: () => void
}

function Stage({ labelling, runId, answers, transfer, start }: StageProps) {
  const onDevice = useLabelling(({ reader }) => reader === 'device') || transfer === null
  switch (labelling.status) {
    case 'empty':
      return null
    case 'chosen':
      return (
        <p>
          <Button variant="primary" onClick={start}>
            {USE_COPY.label}
          </Button>
        </p>
      )
    case 'reading':
      return <Progress label={USE_COPY.reading} share={null} />
    case 'asking':
      return transfer === null ? null : <Agree {...labelling} jobId={transfer.jobId} answers={answers} />
    case 'working':
    case 'stopping':
      return <Working labelling={labelling} onDevice={onDevice} />
    case 'done':
      return <Done rows={labelling.rows} />
    case 'failed':
      return <HostFailure error={labelling.error} safe={USE_COPY.failed.safe} runId={runId} again={start} />
    default:
      return assertNever(labelling)
  }
}

type AgreeProps = {
  readonly texts: number
  readonly bytes: number
  readonly jobId: string
  readonly answers: Answers
}

function Agree({ texts, bytes, jobId, answers }: AgreeProps) {
  const [agreed, setAgreed] = useState(false)
  const copy = USE_COPY.consent
  return (
    <Notice
      tone="warn"
      title={copy.title}
      actions={
        <Button variant="primary" disabled={!agreed} onClick={() => void labelThere(jobId, answers)}>
          {copy.send(texts)}
        </Button>
      }
    >
      <p>{copy.detail(texts, bytes, providerHost())}</p>
      <Checkbox label={copy.tick} checked={agreed} onChange={setAgreed} />
    </Notice>
  )
}

type WorkingProps = {
  readonly labelling: Extract<Labelling, { status: 'working' | 'stopping' }>
  readonly onDevice: boolean
}

function Working({ labelling: { status, rowsDone, rows }, onDevice }: WorkingProps) {
  return (
    <>
      <Progress
        label={USE_COPY.working(onDevice)}
        share={rows === 0 ? null : rowsDone / rows}
        detail={rows === 0 ? undefined : USE_COPY.progress(rowsDone, rows)}
      />
      <p>
        <Button busy={status === 'stopping'} onClick={stopLabelling}>
          {status === 'stopping' ? USE_COPY.stopping : USE_COPY.stop}
        </Button>
      </p>
    </>
  )
}

function Done({ rows }: { readonly rows: number }) {
  const copy = USE_COPY.done
  return (
    <Notice
      tone="good"
      live
      title={copy.title(rows)}
      actions={
        <Button variant="primary" onClick={saveLabelled}>
          {copy.save}
        </Button>
      }
    >
      {copy.detail}
    </Notice>
  )
}
