import type { HeldOutReport, RunSummary } from '../../../workers/protocol/tuner.ts'
import { classNames } from '../../../workers/protocol/task.ts'
import { Card } from '../../ui/Card.tsx'
import { ConfusionMatrix } from '../../ui/ConfusionMatrix.tsx'
import { formatCount, formatPercent } from '../../ui/format.ts'
import { unitOf } from '../privacy/knobs.ts'
import { TUNE_COPY } from './copy.ts'
import styles from './HeldOut.module.css'
import { OtherPrompt } from './OtherPrompt.tsx'

export function HeldOut({ run }: { readonly run: RunSummary }) {
  const words = TUNE_COPY.heldOut
  const { heldOut } = run
  if (heldOut === null) {
    return run.status === 'running' ? <Card title={words.title} lead={words.waiting} /> : null
  }
  return (
    <Card
      title={words.title}
      lead={leadOf(run, heldOut)}
      aside={
        <p className={styles.figure}>
          {formatPercent(heldOut.accuracy)} <span className={styles.unit}>{words.accuracy}</span>
        </p>
      }
    >
      <OtherPrompt run={run} own={heldOut} />
      {run.plan.task.kind === 'extract' ? (
        <p>{words.answers}</p>
      ) : (
        <ConfusionMatrix caption={words.matrix} classes={classNames(run.plan.task)} counts={heldOut.confusion} />
      )}
    </Card>
  )
}

function leadOf({ plan }: RunSummary, { step, covered, chosen }: HeldOutReport): string {
  const words = TUNE_COPY.heldOut
  const place = formatCount(step)
  return [
    words.lead[unitOf(plan)](place),
    ...(chosen === true ? [step === 0 ? words.chosenStart : words.chosen(place)] : []),
    ...(covered ? [words.covered] : []),
  ].join(' ')
}
