import { hasPrompt, useRuns } from '../../engine/runs.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Table } from '../../ui/Table.tsx'
import { AttackCard } from '../audit/AttackCard.tsx'
import { certifiedEpsilon, heldOutAccuracy } from '../runs/copy.ts'
import { formatWhen } from '../../ui/when.ts'
import { WithRun } from '../runs/RunPicker.tsx'
import { chooseRun } from '../runs/store.ts'
import { ExactCard } from '../seal/ExactCard.tsx'
import { HeldOut } from '../tune/HeldOut.tsx'
import { TRY_COPY } from './copy.ts'
import styles from './Panel.module.css'
import { TypedText } from './TypedText.tsx'

export function Panel() {
  return (
    <WithRun>
      {(run) => (
        <>
          <TypedText runId={run.runId} />
          {run.heldOut === null ? <NotMeasured /> : <HeldOut run={run} />}
          {run.plan.task.kind === 'extract' ? null : <AttackCard run={run} />}
          <ExactCard run={run} />
          <Compare chosen={run} />
        </>
      )}
    </WithRun>
  )
}

function NotMeasured() {
  const copy = TRY_COPY.measured
  return (
    <Card title={copy.title} aside={<Badge>{copy.none}</Badge>}>
      <p>{copy.noneDetail}</p>
    </Card>
  )
}

function Compare({ chosen }: { readonly chosen: RunSummary }) {
  const copy = TRY_COPY.compare
  const runs = useRuns((state) => state.runs)
  const ready = runs.filter(hasPrompt)
  if (ready.length < 2) return null
  return (
    <Card title={copy.title} lead={copy.lead}>
      <Table
        caption={copy.caption}
        hideCaption
        columns={[
          { key: 'data', title: copy.columns.data },
          { key: 'when', title: copy.columns.when },
          { key: 'epsilon', title: copy.columns.epsilon },
          { key: 'steps', title: copy.columns.steps, align: 'end' },
          { key: 'accuracy', title: copy.columns.accuracy, align: 'end' },
          { key: 'pick', title: copy.columns.pick },
        ]}
        rows={ready.map((run) => ({
          key: run.runId,
          cells: [
            <span key="data" className={styles.file}>
              {run.dataName}
            </span>,
            <span key="when" className={styles.whole}>
              {formatWhen(run.createdAt)}
            </span>,
            certifiedEpsilon(run),
            run.stepsDone,
            heldOutAccuracy(run) ?? '–',
            run.runId === chosen.runId ? (
              <Badge key="used" tone="good">
                {copy.used}
              </Badge>
            ) : (
              <Button key="use" variant="quiet" className={styles.whole} onClick={() => chooseRun(run.runId)}>
                {copy.use}
              </Button>
            ),
          ],
        }))}
      />
    </Card>
  )
}
