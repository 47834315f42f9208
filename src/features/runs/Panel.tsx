import { useEffect } from 'react'
import { goTo } from '../../app/navigation.ts'
import { refreshRuns, useRuns } from '../../engine/runs.ts'
import { Button } from '../../ui/Button.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { LedgerCard } from '../ledger/LedgerCard.tsx'
import { WaitingNotice } from '../ledger/WaitingNotice.tsx'
import { openTransfers } from '../send/transfers.ts'
import { BackupCard } from './BackupCard.tsx'
import { RUNS_COPY } from './copy.ts'
import { DeleteAll } from './DeleteAll.tsx'
import { RunCard } from './RunCard.tsx'

export function Panel() {
  const { list, listError, runs } = useRuns()
  useEffect(() => {
    void openTransfers()
    void refreshRuns()
  }, [])
  return (
    <>
      {listError === null ? null : (
        <ErrorNotice
          error={listError}
          safe={RUNS_COPY.safe}
          actions={<Button onClick={() => void refreshRuns()}>{RUNS_COPY.again}</Button>}
        />
      )}
      {list === 'reading' && runs.length === 0 ? <Notice live>{RUNS_COPY.reading}</Notice> : null}
      {list === 'read' && runs.length === 0 ? (
        <Notice title={RUNS_COPY.empty} actions={<Button onClick={() => goTo('model')}>{RUNS_COPY.start}</Button>}>
          {RUNS_COPY.emptyDetail}
        </Notice>
      ) : null}
      <WaitingNotice />
      <LedgerCard />
      {runs.map((run) => (
        <RunCard key={run.runId} run={run} />
      ))}
      <BackupCard />
      <DeleteAll />
    </>
  )
}
