import { useState } from 'react'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { SEAL_COPY } from './copy.ts'
import { liftSeal } from './store.ts'

type SealDialogProps = {
  readonly runId: string | null
  readonly open: boolean
  readonly onClose: () => void
  /** Called once it is noted that the seal is lifted. */
  readonly onLifted: () => void
}

export function SealDialog({ runId, open, onClose, onLifted }: SealDialogProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ErrorReport | null>(null)
  const words = SEAL_COPY.dialog
  const lift = async () => {
    setBusy(true)
    setError(null)
    try {
      await liftSeal(runId)
      onClose()
      onLifted()
    } catch (failure) {
      setError(toReport(failure))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open={open}
      title={words.title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.keep}</Button>
          <Button variant="danger" busy={busy} onClick={() => void lift()}>
            {words.lift}
          </Button>
        </>
      }
    >
      {words.detail.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      {error === null ? null : <ErrorNotice error={error} safe={words.failed} />}
    </Dialog>
  )
}
