import { useState } from 'react'
import type { BudgetForecast } from '../../../workers/protocol/ledger.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { TextField } from '../../ui/Field.tsx'
import { FileButton } from '../../ui/FileButton.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { setEpsilon } from '../privacy/actions.ts'
import { EPSILON_STOPS } from '../privacy/levels.ts'
import { mendLedger, restoreBudget, saveBudget, setBudget } from './actions.ts'
import { describeEpsilon, LEDGER_COPY } from './copy.ts'
import styles from './Ledger.module.css'
import { useLedger } from './store.ts'

type BudgetCardProps = {
  readonly budget: BudgetForecast
  readonly isPrivate: boolean
  readonly dataName: string
}

/** What the open file's rows have spent, what the planned run adds, and what they may spend. */
export function BudgetCard({ budget, isPrivate, dataName }: BudgetCardProps) {
  const words = LEDGER_COPY.budget
  const share = Math.min(1, budget.total / budget.budget)
  return (
    <Card title={words.title} lead={words.lead}>
      {budget.intact ? null : <Broken />}
      {budget.fits ? null : <Beyond affordable={budget.affordable} />}
      {budget.plainReleased ? (
        <Notice tone="warn" title={words.plain}>
          <p>{words.plainDetail}</p>
        </Notice>
      ) : null}
      {isPrivate ? <Progress label={words.bar} share={share} detail={words.barOf(budget)} /> : null}
      <Facts
        facts={[
          { term: words.spent, value: words.spentValue(budget) },
          ...(isPrivate ? [{ term: words.total, value: describeEpsilon(budget.total) }] : []),
          { term: words.limit, value: words.limitValue(budget) },
        ]}
      />
      {isPrivate ? <p className={styles.hint}>{words.rule[budget.totalRule]}</p> : null}
      <Outcome />
      <Disclosure summary={LEDGER_COPY.change.summary}>
        <Change budget={budget.budget} dataName={dataName} />
      </Disclosure>
    </Card>
  )
}

function Broken() {
  const doing = useLedger((state) => state.doing)
  const words = LEDGER_COPY.budget
  return (
    <Notice
      tone="error"
      title={words.broken}
      actions={
        <>
          <FileButton
            label={LEDGER_COPY.change.restore}
            accept=".json"
            busy={doing === 'restoring'}
            onFile={(file) => void restoreBudget(file)}
          />
          <Button variant="danger" busy={doing === 'mending'} onClick={() => void mendLedger()}>
            {words.mend}
          </Button>
        </>
      }
    >
      <p>{words.brokenDetail}</p>
    </Notice>
  )
}

function Beyond({ affordable }: { readonly affordable: number | null }) {
  const words = LEDGER_COPY.budget
  const stop = EPSILON_STOPS.findLast((value) => affordable !== null && value <= affordable)
  return (
    <Notice
      tone="warn"
      title={words.beyond}
      live
      actions={stop === undefined ? undefined : <Button onClick={() => setEpsilon(stop)}>{words.take(stop)}</Button>}
    >
      <p>{words.beyondDetail(affordable)}</p>
    </Notice>
  )
}

function Outcome() {
  const { error, note } = useLedger()
  if (error !== null) return <ErrorNotice error={error} safe={LEDGER_COPY.change.safe} />
  return note === null ? null : (
    <Notice tone="good" live>
      {note}
    </Notice>
  )
}

function Change({ budget, dataName }: { readonly budget: number; readonly dataName: string }) {
  const [typed, setTyped] = useState(String(budget))
  const doing = useLedger((state) => state.doing)
  const words = LEDGER_COPY.change
  const value = Number(typed.trim().replace(',', '.'))
  const isSound = value > 0 && Number.isFinite(value)
  return (
    <>
      <div className={styles.row}>
        <TextField
          label={words.label}
          inputMode="decimal"
          value={typed}
          {...(isSound ? {} : { error: words.wrong })}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button busy={doing === 'setting'} disabled={!isSound} onClick={() => void setBudget(value)}>
          {words.set}
        </Button>
      </div>
      <p className={styles.hint}>{words.fileHint}</p>
      <div className={styles.row}>
        <Button busy={doing === 'saving'} onClick={() => void saveBudget(null, dataName)}>
          {words.save}
        </Button>
        <FileButton
          label={words.restore}
          accept=".json"
          busy={doing === 'restoring'}
          onFile={(file) => void restoreBudget(file)}
        />
      </div>
    </>
  )
}
