import { useEffect } from 'react'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { WithRun } from '../runs/RunPicker.tsx'
import { readProvider, useSend } from '../send/store.ts'
import { openTransfers, useTransfers } from '../send/transfers.ts'
import { FromProgram } from './FromProgram.tsx'
import { LabelFile } from './LabelFile.tsx'
import { WhoReads } from './WhoReads.tsx'

export function Panel() {
  useEffect(() => {
    void openTransfers()
    if (useSend.getState().provider.status === 'unread') void readProvider()
  }, [])
  return <WithRun>{(run) => <UseRun key={run.runId} run={run} />}</WithRun>
}

function UseRun({ run }: { readonly run: RunSummary }) {
  const transfer = useTransfers(
    ({ transfers }) => transfers.find(({ runId, job }) => runId === run.runId && job.state === 'finished') ?? null,
  )
  const answers = run.plan.task.kind === 'extract' ? 'texts' : 'classes'
  return (
    <>
      <WhoReads transfer={transfer} />
      <LabelFile runId={run.runId} answers={answers} transfer={transfer} />
      <FromProgram answers={answers} transfer={transfer} />
    </>
  )
}
