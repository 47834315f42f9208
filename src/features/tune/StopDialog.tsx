import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { stopRun } from './actions.ts'
import { TUNE_COPY } from './copy.ts'

type StopDialogProps = { readonly runId: string; readonly open: boolean; readonly onClose: () => void }

export function StopDialog({ runId, open, onClose }: StopDialogProps) {
  const words = TUNE_COPY.stopDialog
  return (
    <Dialog
      open={open}
      title={words.title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.keep}</Button>
          <Button
            variant="danger"
            onClick={() => {
              onClose()
              void stopRun(runId)
            }}
          >
            {words.stop}
          </Button>
        </>
      }
    >
      <p>{words.detail}</p>
    </Dialog>
  )
}
