import type { LabelWordReport } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { TextField } from '../../ui/Field.tsx'
import { editTask, mendWord } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import { splitList, type TaskDraft, withWords } from './draft.ts'
import styles from './LabelWords.module.css'
import { splitWords, useData } from './store.ts'

/** One line of words per class, and beneath it those that the model does not know as one piece. */
export function LabelWords({ draft }: { readonly draft: TaskDraft }) {
  const report = useData((state) => (state.task === 'checked' ? state.taskReport : null))
  const split = report === null ? [] : splitWords(report)
  const words = DATA_COPY.task
  return (
    <fieldset className={styles.classes}>
      <legend className={styles.legend}>{words.classes}</legend>
      <p className={styles.hint}>{words.classesHint}</p>
      <div className={styles.grid}>
        {draft.classes.map(({ label, words: list }) => {
          const wrong = split.filter((entry) => entry.label === label)
          return (
            <div key={label}>
              <TextField
                label={label}
                value={list}
                onChange={(event) => editTask(withWords(draft, label, event.currentTarget.value))}
                {...(wrong.length === 0 ? {} : { error: wrong.map(describeSplit).join(' ') })}
              />
              {wrong.map((entry) => (
                <Remedy key={entry.word} entry={entry} isOnly={splitList(list).length === 1} />
              ))}
            </div>
          )
        })}
      </div>
    </fieldset>
  )
}

function describeSplit({ word, pieces }: LabelWordReport): string {
  return DATA_COPY.task.split(word, pieces.map((piece) => `“${piece.trim()}”`).join(' '))
}

function Remedy({ entry, isOnly }: { readonly entry: LabelWordReport; readonly isOnly: boolean }) {
  const { label, word, suggestion } = entry
  const words = DATA_COPY.task
  if (suggestion === null && isOnly) return <p className={styles.hint}>{words.replace}</p>
  return (
    <Button variant="quiet" onClick={() => void mendWord(label, word, suggestion)}>
      {suggestion === null ? words.drop(word) : words.take(suggestion)}
    </Button>
  )
}
