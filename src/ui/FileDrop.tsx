import { useState } from 'react'
import { cx } from './cx.ts'
import styles from './FileDrop.module.css'

type FileDropProps = {
  readonly words: { readonly title: string; readonly over: string; readonly detail: string; readonly button: string }
  readonly onFile: (file: File) => void
}

/** A native file input as large as its frame, which therefore also takes a drop and a key press. */
export function FileDrop({ words, onFile }: FileDropProps) {
  const [isOver, setIsOver] = useState(false)
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
          if (file !== undefined) onFile(file)
        }}
      />
    </label>
  )
}
