import { useRef } from 'react'
import { Button } from './Button.tsx'

type FileButtonProps = {
  readonly label: string
  readonly accept: string
  readonly busy?: boolean
  readonly onFile: (file: File) => void
}

/** A button that asks for a file, in the browser's own way. */
export function FileButton({ label, accept, busy = false, onFile }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <Button busy={busy} onClick={() => input.current?.click()}>
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        aria-label={label}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? []
          // The same file may be chosen again after a mistake.
          event.currentTarget.value = ''
          if (file !== undefined) onFile(file)
        }}
      />
    </>
  )
}
