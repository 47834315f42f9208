import { useState } from 'react'
import type { RestoredBackup, SavedBackup } from '../../../workers/protocol/backup.ts'
import { assertNever, type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import { useRuns } from '../../engine/runs.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { FileButton } from '../../ui/FileButton.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { restoreBackup, saveBackup } from './actions.ts'
import { RUNS_COPY } from './copy.ts'
import styles from './Runs.module.css'

type Doing =
  | { readonly status: 'idle' | 'saving' | 'restoring' }
  | { readonly status: 'saved'; readonly counts: Omit<SavedBackup, 'bytes'> }
  | { readonly status: 'restored'; readonly counts: RestoredBackup }
  | { readonly status: 'failed'; readonly error: ErrorReport }

/** Browsers forget; a file beside the data does not. */
export function BackupCard() {
  const hasRuns = useRuns((state) => state.runs.length > 0)
  const [doing, setDoing] = useState<Doing>({ status: 'idle' })
  const words = RUNS_COPY.backup
  const act = async (status: 'saving' | 'restoring', work: () => Promise<Doing>) => {
    setDoing({ status })
    try {
      setDoing(await work())
    } catch (error) {
      setDoing({ status: 'failed', error: toReport(error) })
    }
  }
  const save = () => act('saving', async () => ({ status: 'saved', counts: await saveBackup() }))
  const restore = (file: File) =>
    act('restoring', async () => ({ status: 'restored', counts: await restoreBackup(file) }))
  return (
    <Card title={words.title} lead={words.lead}>
      <Outcome doing={doing} />
      <div className={styles.actions}>
        {hasRuns ? (
          <Button busy={doing.status === 'saving'} onClick={() => void save()}>
            {words.save}
          </Button>
        ) : null}
        <FileButton
          label={words.restore}
          accept=".json"
          busy={doing.status === 'restoring'}
          onFile={(file) => void restore(file)}
        />
      </div>
    </Card>
  )
}

function Outcome({ doing }: { readonly doing: Doing }) {
  const hasPlain = useRuns((state) => state.runs.some(({ plan }) => plan.privacy === null))
  const words = RUNS_COPY.backup
  switch (doing.status) {
    case 'idle':
    case 'saving':
    case 'restoring':
      return null
    case 'saved':
      return (
        <Notice tone={hasPlain ? 'warn' : 'good'} live>
          <p>{words.saved(doing.counts.runs)}</p>
          {doing.counts.leftOut === 0 ? null : <p>{words.leftOut(doing.counts.leftOut)}</p>}
          {hasPlain ? <p>{words.savedPlain}</p> : null}
        </Notice>
      )
    case 'restored':
      return (
        <Notice tone="good" live>
          <p>{words.restored(doing.counts.added, doing.counts.known)}</p>
        </Notice>
      )
    case 'failed':
      return <ErrorNotice error={doing.error} safe={words.safe} />
    default:
      return assertNever(doing)
  }
}
