import type { ReactNode } from 'react'
import { goTo } from '../../app/navigation.ts'
import { hasPrompt, refreshRuns, useRuns } from '../../engine/runs.ts'
import { Button } from '../../ui/Button.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Select } from '../../ui/Field.tsx'
import { Notice } from '../../ui/Notice.tsx'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { describeRun, RUNS_COPY } from './copy.ts'
import { chooseRun, useChosenRun } from './store.ts'

/** The panel of the chosen run, or what to do to get one. */
export function WithRun({ children }: { readonly children: (run: RunSummary) => ReactNode }) {
  const run = useChosenRun()
  const { list, listError } = useRuns()
  if (run !== null) {
    return (
      <>
        <RunPicker chosen={run} />
        {children(run)}
      </>
    )
  }
  if (list === 'failed' && listError !== null) {
    return (
      <ErrorNotice
        error={listError}
        safe={RUNS_COPY.safe}
        actions={<Button onClick={() => void refreshRuns()}>{RUNS_COPY.again}</Button>}
      />
    )
  }
  if (list !== 'read') return <Notice live>{RUNS_COPY.reading}</Notice>
  return (
    <Notice
      title={RUNS_COPY.none}
      actions={
        <Button variant="primary" onClick={() => goTo('tune')}>
          {RUNS_COPY.toTune}
        </Button>
      }
    >
      {RUNS_COPY.noneDetail}
    </Notice>
  )
}

/** Shown only where there is a choice. */
function RunPicker({ chosen }: { readonly chosen: RunSummary }) {
  const runs = useRuns((state) => state.runs)
  const ready = runs.filter(hasPrompt)
  if (ready.length < 2) return null
  return (
    <Select
      label={RUNS_COPY.pick}
      value={chosen.runId}
      onChange={chooseRun}
      options={ready.map((run) => ({ value: run.runId, label: describeRun(run) }))}
    />
  )
}
