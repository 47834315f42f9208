import { useState } from 'react'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import { PARTS } from '../../../workers/protocol/wire.ts'
import { goTo } from '../../app/navigation.ts'
import { fetchPrompt } from '../../engine/api.ts'
import { packPrompt, promptName } from '../../engine/promptFile.ts'
import { saveFile } from '../../engine/save.ts'
import type { SentTransfer } from '../../storage/schema.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { SEND_COPY } from './copy.ts'
import { HostFailure } from './HostFailure.tsx'
import styles from './JobActions.module.css'
import { forgetHere, removeTransfer, useTransfers } from './transfers.ts'

const copy = SEND_COPY.job

type Doing =
  | { readonly status: 'idle' | 'saving' | 'deleting' }
  | { readonly status: 'failed'; readonly error: ErrorReport; readonly again: () => void }

export function JobActions({ transfer }: { readonly transfer: SentTransfer }) {
  const [doing, setDoing] = useState<Doing>({ status: 'idle' })
  const [asking, setAsking] = useState(false)
  const isGone = useTransfers(({ following }) => {
    const state = following[transfer.jobId]
    return state?.status === 'failed' && state.error.code === 'not-found'
  })
  const act = async (status: 'saving' | 'deleting', work: () => Promise<void>) => {
    setDoing({ status })
    try {
      await work()
      setDoing({ status: 'idle' })
    } catch (error) {
      setDoing({ status: 'failed', error: toReport(error), again: () => void act(status, work) })
    }
  }
  if (isGone) {
    return (
      <div className={styles.actions}>
        <Button onClick={() => void act('deleting', () => forgetHere(transfer.jobId))}>{copy.forget}</Button>
      </div>
    )
  }
  return (
    <>
      {doing.status === 'failed' ? <HostFailure error={doing.error} again={doing.again} /> : null}
      <div className={styles.actions}>
        {transfer.job.state === 'finished' ? (
          <>
            <Button variant="primary" onClick={() => goTo('use')}>
              {copy.toUse}
            </Button>
            <Button busy={doing.status === 'saving'} onClick={() => void act('saving', () => savePrompt(transfer))}>
              {doing.status === 'saving' ? copy.saving : copy.save}
            </Button>
          </>
        ) : null}
        <Button variant="danger" busy={doing.status === 'deleting'} onClick={() => setAsking(true)}>
          {copy.delete}
        </Button>
      </div>
      <Dialog
        open={asking}
        title={copy.deleteTitle}
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>{copy.keep}</Button>
            <Button
              variant="danger"
              onClick={() => {
                setAsking(false)
                void act('deleting', () => removeTransfer(transfer.jobId))
              }}
            >
              {copy.deleteYes}
            </Button>
          </>
        }
      >
        <p>{copy.deleteDetail}</p>
      </Dialog>
    </>
  )
}

/** The transferred prompt. Its certificate is about the small model's prompt, so it does not go with this one. */
async function savePrompt({ jobId, teacherName, epsilon }: SentTransfer): Promise<void> {
  const files = await fetchPrompt(jobId)
  const bytesOf = (name: string) => files.find((file) => file.name === name)?.bytes ?? new Uint8Array()
  const name = promptName(`prompt-${teacherName}`, epsilon !== null)
  const zip = packPrompt({
    name,
    adapterConfig: bytesOf(PARTS.config),
    adapterModel: bytesOf(PARTS.weights),
    certificate: null,
  })
  saveFile(`${name}.zip`, 'application/zip', zip)
}
