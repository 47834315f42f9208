import { useEffect, useRef } from 'react'
import type { SentTransfer } from '../../storage/schema.ts'
import { formatBytes, formatDuration, formatFigure } from '../../ui/format.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { certifiedClaim } from '../runs/copy.ts'
import { formatWhen } from '../../ui/when.ts'
import { SEND_COPY } from './copy.ts'
import { HostFailure } from './HostFailure.tsx'
import { JobActions } from './JobActions.tsx'
import styles from './JobCard.module.css'
import { useSend } from './store.ts'
import { follow, type Following, useTransfers } from './transfers.ts'

const copy = SEND_COPY.job

/** A prompt that was sent: how its job is going, and what can be done with it. */
export function JobCard({ transfer }: { readonly transfer: SentTransfer }) {
  const { job, teacherName } = transfer
  const following = useTransfers((state) => state.following[transfer.jobId])
  const isDone = job.state === 'finished'
  const place = useRef<HTMLDivElement>(null)
  const isNew = useSend((state) => state.justSent === transfer.jobId)
  useEffect(() => {
    if (!isNew) return
    place.current?.focus()
    place.current?.scrollIntoView({ block: 'start' })
    useSend.setState({ justSent: null })
  }, [isNew])
  return (
    <div ref={place} tabIndex={-1} className={styles.place}>
      <Card
        title={
          <>
            <span>
              {job.state === 'failed' ? copy.failed : isDone ? copy.done(teacherName) : copy.title(teacherName)}
            </span>
            <span className="visually-hidden">, {formatWhen(transfer.sentAt)}</span>
          </>
        }
        aside={<StateBadge transfer={transfer} />}
      >
        {following?.status === 'failed' ? (
          <WatchFailure jobId={transfer.jobId} following={following} />
        ) : isDone || job.state === 'failed' ? null : (
          <Running transfer={transfer} following={following} />
        )}
        {job.error === null ? null : <ErrorNotice error={job.error} safe={copy.failedSafe} />}
        <Facts
          facts={[
            { term: copy.sent, value: formatWhen(transfer.sentAt) },
            { term: copy.bytes, value: formatBytes(transfer.sizeBytes) },
            { term: SEND_COPY.certificate.epsilon, value: certifiedClaim(transfer.epsilon) },
            { term: copy.publicSet, value: transfer.publicSet },
            ...(job.alpha === null ? [] : [{ term: copy.alpha, value: formatFigure(job.alpha) }]),
            ...(job.loss === null ? [] : [{ term: copy.loss, value: formatFigure(job.loss) }]),
            { term: copy.expires, value: formatWhen(Date.parse(job.expiresAt)) },
            { term: copy.id, value: <code>{transfer.jobId}</code> },
          ]}
        />
        <JobActions transfer={transfer} />
      </Card>
    </div>
  )
}

function StateBadge({ transfer: { job } }: { readonly transfer: SentTransfer }) {
  const words = SEND_COPY.state
  if (job.state === 'finished') return <Badge tone="good">{words.finished}</Badge>
  if (job.state === 'failed') return <Badge tone="warn">{words.failed}</Badge>
  return <Badge tone="post">{words[job.state]}</Badge>
}

type RunningProps = { readonly transfer: SentTransfer; readonly following: Following | undefined }

function Running({ transfer: { job }, following }: RunningProps) {
  const kept = useTransfers((state) => state.kept)
  const phase =
    job.phase === 'waiting'
      ? copy.waiting
      : job.phase === 'constants'
        ? copy.constants
        : job.phase === 'steps'
          ? copy.steps
          : copy.finished
  // Before its first step a job cannot say how much there is to do.
  const isStepping = job.phase === 'steps' && job.steps > 0
  const detail = [
    ...(isStepping ? [copy.detail(job.step, job.steps)] : []),
    ...(job.secondsLeft === null ? [] : [copy.left(formatDuration(job.secondsLeft))]),
  ]
  const share = isStepping ? job.step / job.steps : null
  const connection = following?.status === 'following' ? following.connection : 'opening'
  const note = connection === 'opening' || connection === 'polling' ? ` ${copy.connection[connection]}` : ''
  return (
    <>
      <Progress label={phase} share={share} detail={detail.length === 0 ? undefined : detail.join(' · ')} />
      {connection === 'lost' ? <Notice tone="warn" live title={copy.connection.lost} /> : null}
      <Notice>{`${kept ? copy.leave : copy.leaveNot}${note}`}</Notice>
    </>
  )
}

type WatchFailureProps = { readonly jobId: string; readonly following: Extract<Following, { status: 'failed' }> }

function WatchFailure({ jobId, following: { error } }: WatchFailureProps) {
  if (error.code === 'not-found') return <Notice tone="warn" title={copy.gone} />
  return <HostFailure error={error} safe={copy.watchSafe} again={() => follow(jobId)} />
}
