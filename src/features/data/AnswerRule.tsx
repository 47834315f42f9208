import type { DataReport } from '../../../workers/protocol/tuner.ts'
import { TASK_LIMITS } from '../../../workers/protocol/task.ts'
import { Choice } from '../../ui/Choice.tsx'
import { TextField } from '../../ui/Field.tsx'
import { chooseAnswers, editTask } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import type { TaskDraft } from './draft.ts'
import styles from './LabelWords.module.css'

type DraftProps = { readonly draft: TaskDraft }

/** Whether the model chooses among classes or writes a text. */
export function AnswerKind({ draft, report }: DraftProps & { readonly report: DataReport }) {
  const words = DATA_COPY.task.answer
  const isText = draft.answer !== null
  return (
    <fieldset className={styles.classes}>
      <legend className={styles.legend}>{words.kind}</legend>
      <Choice
        name="answers"
        label={words.classes}
        hint={words.classesHint}
        checked={!isText}
        disabled={report.labels.length > TASK_LIMITS.classes}
        onChoose={() => chooseAnswers('classes')}
      />
      <Choice
        name="answers"
        label={words.texts}
        hint={words.textsHint}
        checked={isText}
        disabled={false}
        onChoose={() => chooseAnswers('texts')}
      />
    </fieldset>
  )
}

/** What ends an answer, and how long it may be. */
export function AnswerRule({ draft }: DraftProps) {
  const { answer } = draft
  const words = DATA_COPY.task.answer
  if (answer === null) return null
  return (
    <div className={styles.grid}>
      <TextField
        label={words.end}
        hint={words.endHint}
        value={answer.end}
        onChange={(event) => editTask({ ...draft, answer: { ...answer, end: event.currentTarget.value } })}
      />
      <TextField
        label={words.longest}
        hint={words.longestHint}
        inputMode="numeric"
        value={answer.maxTokens}
        onChange={(event) => editTask({ ...draft, answer: { ...answer, maxTokens: event.currentTarget.value } })}
      />
    </div>
  )
}
