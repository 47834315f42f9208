import { useState } from 'react'
import { cx } from '../../ui/cx.ts'
import { openFile } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import styles from './FilePicker.module.css'

/** A native file input as large as its frame, which therefore also takes a drop and a key press. */
export function FilePicker() {
  const [isOver, setIsOver] = useState(false)
  const words = DATA_COPY.pick
  return (
    <label className={cx(styles.frame, isOver && styles.over)}>
      <span className={styles.title}>{isOver ? words.over : words.title}</span>
      <span className={styles.detail}>{words.detail}</span>
      <span className={styles.button}>{words.button}</span>
      <input
        type="file"
        className={styles.input}
        accept=".csv,.tsv,.tab,.jsonl,.ndjson,.txt,text/*"
        onDragEnter={() => setIsOver(true)}
        onDragLeave={() => setIsOver(false)}
        onDrop={() => setIsOver(false)}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? []
          // The same file may be chosen again after a mistake.
          event.currentTarget.value = ''
          if (file !== undefined) void openFile(file)
        }}
      />
    </label>
  )
}
