import type { ErrorCode, ErrorReport } from '../../../workers/protocol/errors.ts'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { formatBytes } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { LEDGER_COPY } from '../ledger/copy.ts'
import { loadStudentOf } from '../model/actions.ts'
import { isLoading, useModel } from '../model/store.ts'
import { SealedNotice } from '../seal/SealedNotice.tsx'
import { TRY_COPY } from './copy.ts'

type LocalFailureProps = {
  readonly error: ErrorReport
  readonly safe?: string
  /** Whose answer was asked for; null for the model's own. */
  readonly runId?: string | null
  readonly again: () => void
}

/** What the worker answers where no model is open in it. */
const NO_MODEL: ErrorCode = 'conflict'

/** What is sealed has a way to open it. After a reload the prompt is there and the model is not: it is loaded on the spot, and the work done again. */
export function LocalFailure({ error, safe = TRY_COPY.safe, runId = null, again }: LocalFailureProps) {
  const isReady = useModel(({ status }) => status === 'ready')
  if (error.code === NO_MODEL && !isReady) return <LoadModel runId={runId} again={again} />
  if (error.code === 'rows-unknown') {
    return (
      <ErrorNotice
        error={error}
        safe={safe}
        actions={<Button onClick={() => goTo('data')}>{LEDGER_COPY.waiting.open}</Button>}
      />
    )
  }
  if (error.code === 'sealed') return <SealedNotice runId={runId} again={again} />
  return <ErrorNotice error={error} safe={safe} actions={<Button onClick={again}>{TRY_COPY.again}</Button>} />
}

function LoadModel({ runId, again }: { readonly runId: string | null; readonly again: () => void }) {
  const { status, error, loadedBytes } = useModel()
  const load = async () => {
    await loadStudentOf(runId)
    if (useModel.getState().status === 'ready') again()
  }
  if (isLoading(status)) {
    return <Progress label={TRY_COPY.model.loading} share={null} detail={formatBytes(loadedBytes)} />
  }
  if (error !== null) {
    return (
      <ErrorNotice
        error={error}
        safe={TRY_COPY.safe}
        actions={<Button onClick={() => void load()}>{TRY_COPY.again}</Button>}
      />
    )
  }
  return (
    <Notice
      tone="warn"
      title={TRY_COPY.model.title}
      actions={<Button onClick={() => void load()}>{TRY_COPY.model.load}</Button>}
    >
      {TRY_COPY.model.detail}
    </Notice>
  )
}
