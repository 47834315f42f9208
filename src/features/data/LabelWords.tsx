import { Button } from '../../ui/Button.tsx'
import { TextField } from '../../ui/Field.tsx'
import { editTask, leaveOut } from './actions.ts'
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
            <TextField
              key={label}
              label={label}
              value={list}
              onChange={(event) => editTask(withWords(draft, label, event.currentTarget.value))}
              {...(wrong.length === 0
                ? {}
                : {
                    error: wrong.map(({ word, pieces }) => (
                      <span key={word} className={styles.split}>
                        {words.split(word, pieces.map((piece) => `“${piece.trim()}”`).join(' '))}
                        {splitList(list).length > 1 ? (
                          <Button variant="quiet" onClick={() => void leaveOut(label, word)}>
                            {words.drop(word)}
                          </Button>
                        ) : (
                          words.replace
                        )}
                      </span>
                    )),
                  })}
            />
          )
        })}
      </div>
    </fieldset>
  )
}
