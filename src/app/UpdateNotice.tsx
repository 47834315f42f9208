import { takeUpdate, useOffline } from '../engine/offline.ts'
import { useRuns } from '../engine/runs.ts'
import { Button } from '../ui/Button.tsx'
import { Notice } from '../ui/Notice.tsx'
import { SHELL_COPY } from './copy.ts'

/** A new version never comes by itself: what a person looks at, and what reads their rows, changes when they say so. */
export function UpdateNotice() {
  const status = useOffline((state) => state.status)
  const isTuning = useRuns(({ runs }) => runs.some(({ status }) => status === 'running'))
  const words = SHELL_COPY.update
  if (status !== 'update') return null
  return (
    <Notice title={words.title} live actions={<Button onClick={takeUpdate}>{words.take}</Button>}>
      <p>{isTuning ? words.whileTuning : words.detail}</p>
    </Notice>
  )
}
