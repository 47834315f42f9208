import type { Task } from '../../../workers/protocol/task.ts'
import type { TransferRequest } from '../../../workers/protocol/wire.ts'
import { Facts } from '../../ui/Facts.tsx'
import { SEND_COPY } from './copy.ts'
import styles from './Payload.module.css'

export function CertificateFacts({ request }: { readonly request: TransferRequest }) {
  const copy = SEND_COPY.certificate
  const { privacy, project, selection } = request.certificate
  return (
    <div className={styles.part}>
      <h3 className={styles.heading}>{copy.title}</h3>
      <Facts
        facts={[
          {
            term: copy.epsilon,
            value: privacy === null ? copy.none : copy.epsilonValue(privacy.epsilon, privacy.delta),
          },
          ...(privacy === null
            ? []
            : [
                { term: copy.unit, value: copy.unitValue[privacy.unit] },
                { term: copy.rows, value: copy.rowsValue[privacy.unit] },
              ]),
          ...(project === undefined || project.runs.length < 2
            ? []
            : [{ term: copy.project, value: copy.projectValue(project.runs.length, project.epsilon) }]),
          { term: copy.selection, value: copy.selectionValue[selection] },
        ]}
      />
    </div>
  )
}

export function TaskFacts({ task }: { readonly task: Task }) {
  const copy = SEND_COPY.task
  return (
    <div className={styles.part}>
      <h3 className={styles.heading}>{copy.title}</h3>
      <p className={styles.note}>{copy.lead}</p>
      <dl className={styles.task}>
        <dt>{copy.template}</dt>
        <dd>
          <code>{task.template}</code>
        </dd>
        <Answers task={task} />
        <dt>{copy.start}</dt>
        <dd>{task.initText}</dd>
      </dl>
    </div>
  )
}

function Answers({ task }: { readonly task: Task }) {
  const copy = SEND_COPY.task
  if (task.kind === 'extract') {
    return (
      <>
        <dt>{copy.end}</dt>
        <dd>
          <code>{JSON.stringify(task.end)}</code>
        </dd>
        <dt>{copy.longest}</dt>
        <dd>{copy.longestValue(task.maxAnswerTokens)}</dd>
      </>
    )
  }
  const classes = Object.entries(task.labels).map(([name, words]) => `${name} (${words.join(', ')})`)
  return (
    <>
      <dt>{copy.classes}</dt>
      <dd>{classes.join(' · ')}</dd>
    </>
  )
}
