import { goTo } from '../../app/navigation.ts'
import { useRuns } from '../../engine/runs.ts'
import { Button } from '../../ui/Button.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { usePrivacy } from '../privacy/store.ts'
import { TUNE_COPY } from './copy.ts'
import { Curves } from './Curves.tsx'
import { HeldOut } from './HeldOut.tsx'
import { NetworkNotice } from './NetworkNotice.tsx'
import { RunCard } from './RunCard.tsx'
import { StartCard } from './StartCard.tsx'
import { shownRun, useTune } from './store.ts'

export function Panel() {
  const { runId, error } = useTune()
  const run = useRuns(({ runs }) => shownRun(runs, runId))
  const report = usePrivacy((state) => (state.status === 'planned' ? state.report : null))
  // A plan made after the last run is what the person came for; a run of this visit is what they watch.
  const start =
    report === null || run?.status === 'running' ? null : <StartCard report={report} isAnother={run !== null} />
  return (
    <>
      {error === null ? null : (
        <ErrorNotice error={error} safe={run === null ? TUNE_COPY.start.failed : TUNE_COPY.run.askFailed} />
      )}
      {runId === null ? start : null}
      {run === null && report === null ? <NeedsPlan /> : null}
      {run === null ? null : (
        <>
          <RunCard run={run} />
          {run.status === 'running' ? <NetworkNotice /> : null}
          <Curves run={run} />
          <HeldOut run={run} />
        </>
      )}
      {runId === null ? null : start}
    </>
  )
}

function NeedsPlan() {
  const words = TUNE_COPY.needsPlan
  return (
    <Notice title={words.title} actions={<Button onClick={() => goTo('privacy')}>{words.action}</Button>}>
      <p>{words.detail}</p>
    </Notice>
  )
}
