import { classNames } from '../../../workers/protocol/task.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { useRuns } from '../../engine/runs.ts'
import type { SentTransfer } from '../../storage/schema.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { describeError } from '../../ui/errorCopy.ts'
import { type Fact, Facts } from '../../ui/Facts.tsx'
import { formatCount, formatFigure, formatTiny } from '../../ui/format.ts'
import { useTransfers } from '../send/transfers.ts'
import { heldOutAccuracy, RUNS_COPY } from './copy.ts'
import { formatWhen } from '../../ui/when.ts'
import { unitOf } from '../privacy/knobs.ts'
import { TUNE_COPY } from '../tune/copy.ts'
import { STATUS_TONES } from '../tune/RunCard.tsx'
import { RunActions } from './RunActions.tsx'
import styles from './Runs.module.css'

export function RunCard({ run }: { readonly run: RunSummary }) {
  const transfers = useTransfers((state) => state.transfers)
  const failure = useRuns((state) => state.failures[run.runId])
  const sent = transfers.filter(({ runId }) => runId === run.runId)
  return (
    <Card
      title={`${run.dataName}, ${formatWhen(run.createdAt)}`}
      aside={<Badge tone={STATUS_TONES[run.status]}>{TUNE_COPY.status[run.status]}</Badge>}
    >
      {failure === undefined ? null : <p className={styles.failure}>{describeError(failure).detail}</p>}
      <Facts facts={mainFacts(run)} />
      {sent.length === 0 ? null : <Sent transfers={sent} />}
      <Disclosure summary={RUNS_COPY.settings}>
        <Facts facts={settingFacts(run)} />
      </Disclosure>
      <RunActions run={run} wasSent={sent.length > 0} />
    </Card>
  )
}

function mainFacts(run: RunSummary): Fact[] {
  const { facts } = RUNS_COPY
  const { privacy } = run.plan
  return [
    { term: facts.steps, value: RUNS_COPY.stepsOf(run.stepsDone, run.plan.steps) },
    {
      term: facts.epsilonPlanned,
      value: privacy === null ? RUNS_COPY.noPrivacy : formatFigure(privacy.epsilonPlanned),
    },
    ...(privacy === null ? [] : [{ term: facts.epsilonSpent, value: formatFigure(run.epsilonSpent ?? 0) }]),
    { term: facts.accuracy, value: heldOutAccuracy(run) ?? RUNS_COPY.notMeasured },
  ]
}

function settingFacts({ plan }: RunSummary): Fact[] {
  const { facts } = RUNS_COPY
  const { privacy } = plan
  return [
    plan.task.kind === 'extract'
      ? { term: facts.answers, value: RUNS_COPY.answerText }
      : { term: facts.classes, value: classNames(plan.task).join(', ') },
    { term: facts.length, value: plan.promptLength },
    { term: facts.rows[unitOf(plan)], value: formatCount(plan.trainRows) },
    { term: facts.batch[unitOf(plan)], value: formatFigure(plan.batchSize) },
    { term: facts.rate, value: `${formatFigure(plan.learningRate)} (${plan.optimizer})` },
    ...(privacy === null
      ? []
      : [
          { term: facts.noise, value: formatFigure(privacy.sigma) },
          { term: facts.clip, value: formatFigure(privacy.clipNorm) },
          { term: facts.delta, value: formatTiny(privacy.delta) },
        ]),
  ]
}

function Sent({ transfers }: { readonly transfers: readonly SentTransfer[] }) {
  return (
    <div>
      <h3 className={styles.heading}>{RUNS_COPY.transfers}</h3>
      <ul className={styles.list}>
        {transfers.map(({ jobId, teacherName, sentAt, job }) => (
          <li key={jobId}>
            {teacherName}, {formatWhen(sentAt)}: {RUNS_COPY.transferState[job.state]}
          </li>
        ))}
      </ul>
    </div>
  )
}
