import { useState } from 'react'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { goTo } from '../../app/navigation.ts'
import { hasPrompt, removeRun } from '../../engine/runs.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { useTune } from '../tune/store.ts'
import { LocalFailure } from '../tryout/LocalFailure.tsx'
import { saveRun } from './actions.ts'
import { certifiedEpsilon, RUNS_COPY } from './copy.ts'
import styles from './Runs.module.css'
import { chooseRun } from './store.ts'

type Doing =
  | { readonly status: 'idle' | 'saving' | 'saved' | 'asking' | 'deleting' }
  | { readonly status: 'failed'; readonly error: ErrorReport; readonly again: () => void }

function showOnTune(runId: string): void {
  useTune.setState({ runId })
  goTo('tune')
}

type RunActionsProps = { readonly run: RunSummary; readonly wasSent: boolean }

export function RunActions({ run, wasSent }: RunActionsProps) {
  const [doing, setDoing] = useState<Doing>({ status: 'idle' })
  const act = async (status: 'saving' | 'deleting', work: () => Promise<void>) => {
    setDoing({ status })
    try {
      await work()
      setDoing({ status: status === 'saving' ? 'saved' : 'idle' })
    } catch (error) {
      setDoing({ status: 'failed', error: toReport(error), again: () => void act(status, work) })
    }
  }
  const open = (step: 'try' | 'send') => {
    chooseRun(run.runId)
    goTo(step)
  }
  return (
    <>
      {doing.status === 'failed' ? (
        <LocalFailure error={doing.error} safe={RUNS_COPY.safe} again={doing.again} />
      ) : null}
      {doing.status === 'saved' ? (
        <Notice tone={run.plan.privacy === null ? 'warn' : 'good'} live>
          {run.plan.privacy === null ? RUNS_COPY.savedPlain : RUNS_COPY.saved}
        </Notice>
      ) : null}
      <div className={styles.actions}>
        {hasPrompt(run) ? (
          <>
            <Button onClick={() => open('try')}>{RUNS_COPY.toTry}</Button>
            <Button onClick={() => open('send')}>{RUNS_COPY.toSend}</Button>
            <Button busy={doing.status === 'saving'} onClick={() => void act('saving', () => saveRun(run))}>
              {RUNS_COPY.save}
            </Button>
          </>
        ) : (
          <Button variant="primary" onClick={() => showOnTune(run.runId)}>
            {run.status === 'running' ? RUNS_COPY.watch : RUNS_COPY.resume}
          </Button>
        )}
        {run.status === 'running' ? null : (
          <Button variant="danger" busy={doing.status === 'deleting'} onClick={() => setDoing({ status: 'asking' })}>
            {RUNS_COPY.delete}
          </Button>
        )}
      </div>
      <Dialog
        open={doing.status === 'asking'}
        title={RUNS_COPY.deleteTitle}
        onClose={() => setDoing((before) => (before.status === 'asking' ? { status: 'idle' } : before))}
        actions={
          <>
            <Button onClick={() => setDoing({ status: 'idle' })}>{RUNS_COPY.keep}</Button>
            <Button variant="danger" onClick={() => void act('deleting', () => removeRun(run.runId))}>
              {RUNS_COPY.deleteYes}
            </Button>
          </>
        }
      >
        <p>{RUNS_COPY.deleteDetail}</p>
        {run.plan.privacy === null ? null : <p>{RUNS_COPY.deleteSpent(certifiedEpsilon(run))}</p>}
        {wasSent ? <p>{RUNS_COPY.deleteSent}</p> : null}
      </Dialog>
    </>
  )
}
