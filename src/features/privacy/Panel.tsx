import { useEffect } from 'react'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { NoiseTestCard } from '../audit/NoiseTestCard.tsx'
import { hasTask, useData } from '../data/store.ts'
import { BudgetCard } from '../ledger/BudgetCard.tsx'
import { WaitingNotice } from '../ledger/WaitingNotice.tsx'
import { makePlan, measureWhenIdle } from './actions.ts'
import { ChoiceCard } from './ChoiceCard.tsx'
import { PRIVACY_COPY } from './copy.ts'
import { OddsCard } from './OddsCard.tsx'
import { PlanCard } from './PlanCard.tsx'
import { usePrivacy } from './store.ts'

export function Panel() {
  const isReady = useData(hasTask)
  if (!isReady) {
    const words = PRIVACY_COPY.needsTask
    return (
      <Notice title={words.title} actions={<Button onClick={() => goTo('data')}>{words.action}</Button>}>
        <p>{words.detail}</p>
      </Notice>
    )
  }
  return <Choices />
}

function Choices() {
  const choice = usePrivacy((state) => state.choice)
  const report = usePrivacy((state) => state.report)
  const dataName = useData((state) => state.fileName)
  const plan = report?.plan ?? null
  useEffect(() => {
    const { status, report } = usePrivacy.getState()
    // A run may have begun before the device was measured.
    if (status !== 'planned' || report?.seconds === null) void makePlan()
    return measureWhenIdle()
  }, [])
  return (
    <>
      <WaitingNotice />
      <ChoiceCard />
      {choice === 'none' ? (
        <Notice tone="warn" title={PRIVACY_COPY.noneWarning.title}>
          <p>{PRIVACY_COPY.noneWarning.detail}</p>
        </Notice>
      ) : (
        <OddsCard />
      )}
      {report === null ? null : (
        <BudgetCard budget={report.budget} isPrivate={choice === 'private'} dataName={dataName} />
      )}
      <PlanCard />
      {plan === null || plan.privacy === null ? null : <NoiseTestCard plan={plan} />}
    </>
  )
}
