import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { TextArea, TextField } from '../../ui/Field.tsx'
import { formatPlural } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { checkTask, editTask } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import { AnswerKind, AnswerRule } from './AnswerRule.tsx'
import { LabelWords } from './LabelWords.tsx'
import { hasTask, sharedWord, splitWords, useData } from './store.ts'
import styles from './TaskCard.module.css'

export function TaskCard() {
  const draft = useData((state) => state.draft)
  const report = useData((state) => state.report)
  const task = useData((state) => state.task)
  const isProposed = useData((state) => state.isProposed)
  const words = DATA_COPY.task
  if (draft === null) return null
  return (
    <>
      <Card title={words.title} lead={words.lead}>
        <TextField
          label={words.template}
          hint={draft.answer === null ? words.templateHint : words.answer.templateHint}
          value={draft.template}
          onChange={(event) => editTask({ ...draft, template: event.currentTarget.value })}
        />
        {report === null ? null : <AnswerKind draft={draft} report={report} />}
        {draft.answer === null ? <LabelWords draft={draft} /> : <AnswerRule draft={draft} />}
        {isProposed && draft.answer === null ? <Notice>{words.proposed}</Notice> : null}
        <TextArea
          label={words.initText}
          hint={words.initTextHint}
          value={draft.initText}
          onChange={(event) => editTask({ ...draft, initText: event.currentTarget.value })}
        />
        <Outcome />
        {task === 'checked' ? null : (
          <div className={styles.check}>
            <Button busy={task === 'checking'} onClick={() => void checkTask()}>
              {words.check}
            </Button>
            {task === 'draft' ? <Badge tone="warn">{words.stale}</Badge> : null}
          </div>
        )}
      </Card>
      <Publish />
    </>
  )
}

function Outcome() {
  const state = useData()
  const words = DATA_COPY.task
  if (state.taskError !== null) return <ErrorNotice error={state.taskError} safe={DATA_COPY.failed.safe} />
  if (state.task === 'checking') return <Progress label={words.checking} share={null} />
  if (state.task !== 'checked' || state.taskReport === null) return null
  if (splitWords(state.taskReport).length > 0) return <Notice tone="warn" title={words.wrong} live />
  const shared = sharedWord(state.taskReport)
  if (shared !== null) {
    const labels = shared.labels.map((label) => `“${label}”`).join(words.and)
    return <Notice tone="warn" title={words.shared(shared.word, labels)} live />
  }
  const { rowsUsed, rowsCut, rowsWithoutClass, faults } = state.taskReport
  return (
    <Notice tone="good" title={words.ready.title} live>
      <p>{words.ready.rows(formatPlural(rowsUsed, 'row'))}</p>
      {rowsCut > 0 ? <p>{words.ready.cut(formatPlural(rowsCut, 'row'))}</p> : null}
      {faults?.map(({ fault, rows }) => (
        <p key={fault}>{words.answer.faults[fault](formatPlural(rows, 'row'))}</p>
      ))}
      {faults === undefined && rowsWithoutClass > 0 ? (
        <p>{words.ready.without(formatPlural(rowsWithoutClass, 'row'))}</p>
      ) : null}
    </Notice>
  )
}

/** What noise does not cover, said before anything is tuned. */
function Publish() {
  const isReady = useData(hasTask)
  const draft = useData((state) => state.draft)
  if (!isReady || draft === null) return null
  const { title, detail } = DATA_COPY.task.publish
  if (draft.answer !== null) return <Card title={title} lead={DATA_COPY.task.answer.publish} />
  return (
    <Card title={title} lead={detail}>
      <ul className={styles.names}>
        {draft.classes.map(({ label, words }) => (
          <li key={label}>
            <Badge tone="post">{label}</Badge> <span className={styles.words}>{words}</span>
          </li>
        ))}
      </ul>
    </Card>
  )
}
