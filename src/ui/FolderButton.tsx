import { useRef } from 'react'
import { Button } from './Button.tsx'

/** All browsers know it; React's types do not. */
const FOLDERS = { webkitdirectory: '' }

type FolderButtonProps = { readonly label: string; readonly onFiles: (files: readonly File[]) => void }

/** A button that asks for a folder, in the browser's own way. */
export function FolderButton({ label, onFiles }: FolderButtonProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
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
    </>
  )
}
