import { type ReactNode, useState } from 'react'
import { assertNever } from '../../../workers/protocol/errors.ts'
import type { RunStatus, RunSummary } from '../../../workers/protocol/tuner.ts'
import { goTo } from '../../app/navigation.ts'
import { hasPrompt, useRuns } from '../../engine/runs.ts'
import { Badge, type BadgeTone } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { formatCount, formatDuration, formatPlural } from '../../ui/format.ts'
import { Progress } from '../../ui/Progress.tsx'
import { useThrottled } from '../../ui/useThrottled.ts'
import { pauseRun, resumeRun } from './actions.ts'
import { isLoading as isLoadingModel, useModel } from '../model/store.ts'
import { TUNE_COPY } from './copy.ts'
import { placeOf } from './curves.ts'
import styles from './RunCard.module.css'
import { SelfCheckLine } from './SelfCheckLine.tsx'
import { StopDialog } from './StopDialog.tsx'
import { useTune } from './store.ts'
import { WakeLine } from './WakeLine.tsx'

export const STATUS_TONES: Readonly<Record<RunStatus, BadgeTone>> = {
  running: 'post',
  paused: 'warn',
  finished: 'good',
  stopped: 'plain',
  failed: 'seal',
}

export function RunCard({ run }: { readonly run: RunSummary }) {
  const failure = useRuns(({ failures }) => failures[run.runId] ?? null)
  const words = TUNE_COPY.run
  return (
    <Card
      title={words.title(run.dataName)}
      aside={<Badge tone={STATUS_TONES[run.status]}>{TUNE_COPY.status[run.status]}</Badge>}
    >
      <Steps run={run} />
      {failure === null || run.status === 'running' ? null : <ErrorNotice error={failure} safe={words.failedSafe} />}
      <Hint run={run} />
      <Lost run={run} />
      {run.status === 'running' ? <WakeLine /> : null}
      {run.selfCheck === null ? null : <SelfCheckLine check={run.selfCheck} />}
      <Resuming />
      <div className={styles.actions}>
        <Actions run={run} />
      </div>
    </Card>
  )
}

function Steps({ run }: { readonly run: RunSummary }) {
  const pace = useThrottled(
    useRuns((state) => state.pace[run.runId] ?? null),
    1000,
  )
  const { plan, status } = run
  const words = TUNE_COPY.run
  const place = placeOf(run)
  const parts = [
    words.steps(formatCount(place), formatCount(plan.steps)),
    ...(status !== 'running' || pace === null
      ? []
      : [words.left(formatDuration(pace.secondsLeft)), words.pace(formatCount(Math.round(pace.examplesPerSecond)))]),
  ]
  const isWarming = status === 'running' && place === 0
  return (
    <Progress
      label={isWarming ? words.warming : words.progress}
      share={isWarming ? null : place / plan.steps}
      detail={parts.join(' · ')}
    />
  )
}

/** Steps that a pause or a closed tab cut off are spent without having been done. */
function Lost({ run }: { readonly run: RunSummary }) {
  const lost = placeOf(run) - run.stepsDone
  return lost > 0 ? <p className={styles.hint}>{TUNE_COPY.run.lost(formatPlural(lost, 'step'))}</p> : null
}

/** Says that the model is on its way, for a run that goes on after a reload. */
function Resuming() {
  const isResuming = useTune(({ request }) => request === 'resuming')
  const isLoading = useModel((state) => isLoadingModel(state.status))
  return isResuming && isLoading ? <Progress label={TUNE_COPY.run.loadingModel} share={null} /> : null
}

function Hint({ run }: { readonly run: RunSummary }): ReactNode {
  const words = TUNE_COPY.run
  switch (run.status) {
    case 'paused':
      return <p className={styles.hint}>{words.pausedHint}</p>
    case 'stopped':
      return <p className={styles.hint}>{words.stoppedHint}</p>
    case 'finished':
      return <p className={styles.hint}>{words.finishedHint}</p>
    case 'running':
    case 'failed':
      return null
    default:
      return assertNever(run.status)
  }
}

function Actions({ run }: { readonly run: RunSummary }) {
  const request = useTune((state) => state.request)
  const [isAsking, setIsAsking] = useState(false)
  const words = TUNE_COPY.run
  const { runId, status } = run
  if (hasPrompt(run)) {
    return (
      <>
        <Button variant="primary" onClick={() => goTo('try')}>
          {words.try}
        </Button>
        <Button onClick={() => goTo('send')}>{words.send}</Button>
      </>
    )
  }
  return (
    <>
      {status === 'running' ? (
        <Button busy={request === 'pausing'} onClick={() => void pauseRun(runId)}>
          {words.pause}
        </Button>
      ) : null}
      {status === 'paused' || status === 'failed' ? (
        <Button variant="primary" busy={request === 'resuming'} onClick={() => void resumeRun(runId)}>
          {words.resume}
        </Button>
      ) : null}
      {status === 'running' || status === 'paused' ? (
        <Button variant="danger" busy={request === 'stopping'} onClick={() => setIsAsking(true)}>
          {words.stop}
        </Button>
      ) : null}
      <StopDialog runId={runId} open={isAsking} onClose={() => setIsAsking(false)} />
    </>
  )
}
