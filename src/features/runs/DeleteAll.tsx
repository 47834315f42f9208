import { useState } from 'react'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import { useRuns } from '../../engine/runs.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { useTransfers } from '../send/transfers.ts'
import { deleteEverything } from './actions.ts'
import { RUNS_COPY } from './copy.ts'

type Doing =
  | { readonly status: 'idle' | 'asking' | 'deleting' }
  | { readonly status: 'failed'; readonly error: ErrorReport }

/** One button for a borrowed machine. What the rows have spent stays known: forgetting it would let them spend again. */
export function DeleteAll() {
  const runs = useRuns((state) => state.runs)
  const transfers = useTransfers((state) => state.transfers)
  const [doing, setDoing] = useState<Doing>({ status: 'idle' })
  const words = RUNS_COPY.deleteAll
  if (runs.length + transfers.length === 0 && doing.status !== 'failed') return null
  const isTuning = runs.some(({ status }) => status === 'running')
  const go = async () => {
    setDoing({ status: 'deleting' })
    try {
      await deleteEverything()
      setDoing({ status: 'idle' })
    } catch (error) {
      setDoing({ status: 'failed', error: toReport(error) })
    }
  }
  return (
    <Card title={words.title} lead={words.lead}>
      {doing.status === 'failed' ? <ErrorNotice error={doing.error} safe={words.partly} /> : null}
      {isTuning ? <p>{words.running}</p> : null}
      <div>
        <Button
          variant="danger"
          busy={doing.status === 'deleting'}
          disabled={isTuning}
          onClick={() => setDoing({ status: 'asking' })}
        >
          {words.button}
        </Button>
      </div>
      <Dialog
        open={doing.status === 'asking'}
        title={words.ask}
        onClose={() => setDoing((before) => (before.status === 'asking' ? { status: 'idle' } : before))}
        actions={
          <>
            <Button onClick={() => setDoing({ status: 'idle' })}>{RUNS_COPY.keep}</Button>
            <Button variant="danger" onClick={() => void go()}>
              {words.yes}
            </Button>
          </>
        }
      >
        <p>{words.detail}</p>
      </Dialog>
    </Card>
  )
}
