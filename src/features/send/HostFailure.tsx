import type { ErrorReport } from '../../../workers/protocol/errors.ts'
import { LocalFailure } from '../tryout/LocalFailure.tsx'
import { KeyField } from './KeyField.tsx'

type HostFailureProps = {
  readonly error: ErrorReport
  readonly safe?: string
  readonly runId?: string | null
  readonly again: () => void
}

/** A refusal for want of a key has its own way on; everything else is said as it is. */
export function HostFailure({ error, safe, runId = null, again }: HostFailureProps) {
  if (error.code === 'unauthorized') return <KeyField wanted onSet={again} />
  return <LocalFailure error={error} {...(safe === undefined ? {} : { safe })} runId={runId} again={again} />
}
