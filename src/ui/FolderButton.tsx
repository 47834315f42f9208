import { type DragEvent, useRef, useState } from 'react'
import { Button } from './Button.tsx'
import { cx } from './cx.ts'
import { filesOf } from './droppedFolder.ts'
import styles from './FileDrop.module.css'

/** All browsers know it; React's types do not. */
const FOLDERS = { webkitdirectory: '' }

type FolderButtonProps = {
  readonly label: string
  readonly hint: string
  readonly onFiles: (files: readonly File[]) => void
}

/** A button that asks for a folder, in the browser's own way, on a place where one may be dropped too. */
export function FolderButton({ label, hint, onFiles }: FolderButtonProps) {
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setIsOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(false)
    // Entries are to be asked for before the event is over.
    void filesOf(event.dataTransfer.items).then((files) => (files.length > 0 ? onFiles(files) : undefined))
  }
  return (
    <div
      className={cx(styles.folder, isOver && styles.over)}
      onDragOver={(event) => {
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <p className={styles.detail}>{hint}</p>
      <Button onClick={() => input.current?.click()}>{label}</Button>
      <input
        ref={input}
        type="file"
        hidden
        {...FOLDERS}
        aria-label={label}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])]
          // The same folder may be chosen again after a mistake.
          event.currentTarget.value = ''
          if (files.length > 0) onFiles(files)
        }}
      />
    </div>
  )
}
