import { type ReactNode, useEffect, useState } from 'react'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { isStorageLasting } from '../../engine/lasting.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { saveBudget } from './actions.ts'
import { LEDGER_COPY } from './copy.ts'
import { useLedger } from './store.ts'

/** Where the browser may forget the ledger, a private prompt waits until a budget file holds its run. */
export function SaveFirst({ run, children }: { readonly run: RunSummary; readonly children: ReactNode }) {
  const isLasting = useLasting()
  const { doing, error } = useLedger()
  const words = LEDGER_COPY.saveFirst
  const isAtRisk = run.plan.privacy !== null && run.ledger !== null && !run.ledger.saved
  if (!isAtRisk || isLasting === true) return children
  // For the moment in which it is not known nothing can be sent.
  if (isLasting === null) return null
  return (
    <Card title={words.title}>
      <p>{words.detail}</p>
      {error === null ? null : <ErrorNotice error={error} safe={words.safe} />}
      <p>
        <Button variant="primary" busy={doing === 'saving'} onClick={() => void saveBudget(run.runId, run.dataName)}>
          {words.button}
        </Button>
      </p>
    </Card>
  )
}

/** Null until the browser has answered. */
function useLasting(): boolean | null {
  const [isLasting, setIsLasting] = useState<boolean | null>(null)
  useEffect(() => {
    // A browser that does not say has promised nothing.
    isStorageLasting().then(setIsLasting, () => setIsLasting(false))
  }, [])
  return isLasting
}
