import { useState } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { SEAL_COPY } from './copy.ts'
import { SealDialog } from './SealDialog.tsx'

/** In place of an answer about a row of the file: the way to it, and what it costs. */
export function SealedNotice({ runId, again }: { readonly runId: string | null; readonly again: () => void }) {
  const [isAsking, setIsAsking] = useState(false)
  const words = SEAL_COPY.notice
  return (
    <Notice
      tone="warn"
      title={words.title}
      live
      actions={<Button onClick={() => setIsAsking(true)}>{SEAL_COPY.card.lift}</Button>}
    >
      <p>{words.detail}</p>
      <SealDialog runId={runId} open={isAsking} onClose={() => setIsAsking(false)} onLifted={again} />
    </Notice>
  )
}
