import { useEffect } from 'react'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { useData } from '../data/store.ts'
import { countWaiting, refreshLedger } from './actions.ts'
import { LEDGER_COPY } from './copy.ts'
import { useLedger } from './store.ts'

/** Restored runs that wait for somebody to open their data file and say that it is the one. */
export function WaitingNotice() {
  const { report, doing } = useLedger()
  const isOpen = useData((state) => state.report !== null)
  const words = LEDGER_COPY.waiting
  useEffect(() => void refreshLedger(), [])
  const waiting = report?.waiting ?? []
  if (waiting.length === 0) return null
  return (
    <Notice
      tone="warn"
      title={words.title}
      actions={
        isOpen ? (
          waiting.map(({ name }) => (
            <Button key={name} busy={doing === 'counting'} onClick={() => void countWaiting(name)}>
              {words.count(name)}
            </Button>
          ))
        ) : (
          <Button onClick={() => goTo('data')}>{words.open}</Button>
        )
      }
    >
      <p>{words.lead}</p>
      <ul>
        {waiting.map(({ name, runs }) => (
          <li key={name}>{words.file(name, runs)}</li>
        ))}
      </ul>
      {isOpen ? <p>{words.hint}</p> : null}
    </Notice>
  )
}
