import { useState } from 'react'
import { assertNever } from '../../../workers/protocol/errors.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { hasTask, useData } from '../data/store.ts'
import { LocalFailure } from '../tryout/LocalFailure.tsx'
import { startAttack, stopAttack, useAttack } from './attack.ts'
import { AttackResult } from './AttackResult.tsx'
import { AUDIT_COPY } from './copy.ts'

const words = AUDIT_COPY.attack

/** "What an attacker could tell": an attack on prompts tuned as this one was. */
export function AttackCard({ run }: { readonly run: RunSummary }) {
  return (
    <Card title={words.title} lead={words.lead}>
      <State run={run} />
    </Card>
  )
}

function State({ run }: { readonly run: RunSummary }) {
  const attack = useAttack((state) => state.attack)
  if (attack.status === 'idle') return <Start run={run} label={words.start} />
  if (attack.runId !== run.runId) {
    return attack.status === 'working' || attack.status === 'stopping' ? (
      <p>{words.elsewhere}</p>
    ) : (
      <Start run={run} label={words.start} />
    )
  }
  switch (attack.status) {
    case 'working':
    case 'stopping':
      return (
        <>
          <Progress label={words.working} share={attack.share} />
          <div>
            <Button busy={attack.status === 'stopping'} onClick={stopAttack}>
              {attack.status === 'stopping' ? words.stopping : words.stop}
            </Button>
          </div>
        </>
      )
    case 'done':
      return (
        <>
          <AttackResult report={attack.report} />
          <Start run={run} label={words.again} />
        </>
      )
    case 'failed':
      return <LocalFailure error={attack.error} safe={words.safe} again={() => void startAttack(run.runId)} />
    default:
      return assertNever(attack)
  }
}

/** Needs the rows, which are kept in no storage once a run is over. Where they are sealed the person is told what looking means. */
function Start({ run, label }: { readonly run: RunSummary; readonly label: string }) {
  const isOpen = useData(hasTask)
  const [isAsking, setIsAsking] = useState(false)
  if (!isOpen) {
    return (
      <>
        <p>{words.needsFile(run.dataName)}</p>
        <div>
          <Button onClick={() => goTo('data')}>{words.toData}</Button>
        </div>
      </>
    )
  }
  const start = () => {
    setIsAsking(false)
    void startAttack(run.runId)
  }
  return (
    <div>
      <Button onClick={run.seal === 'closed' ? () => setIsAsking(true) : start}>{label}</Button>
      <Dialog
        open={isAsking}
        title={words.seal.title}
        onClose={() => setIsAsking(false)}
        actions={
          <>
            <Button onClick={() => setIsAsking(false)}>{words.seal.keep}</Button>
            <Button variant="primary" onClick={start}>
              {words.seal.go}
            </Button>
          </>
        }
      >
        <p>{words.seal.detail}</p>
      </Dialog>
    </div>
  )
}
