import type { ReactNode } from 'react'
import type { ErrorReport } from '../../workers/protocol/errors.ts'
import { describeError } from './errorCopy.ts'
import { Notice } from './Notice.tsx'

type ErrorNoticeProps = {
  readonly error: ErrorReport
  /** What is unharmed, such as the file or the last saved step. */
  readonly safe?: string
  /** The ways on. */
  readonly actions?: ReactNode
}

/** What happened, what is safe, what to do next. */
export function ErrorNotice({ error, safe, actions }: ErrorNoticeProps) {
  const words = describeError(error)
  return (
    <Notice tone="error" title={words.title} actions={actions}>
      <p>{words.detail}</p>
      {safe === undefined ? null : <p>{safe}</p>}
    </Notice>
  )
}
