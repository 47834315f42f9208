import type { PlanReport } from '../../../workers/protocol/tuner.ts'
import { goTo } from '../../app/navigation.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { formatDuration, formatFigure, formatPlural } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { LEDGER_COPY } from '../ledger/copy.ts'
import { startRun } from './actions.ts'
import { TUNE_COPY } from './copy.ts'
import { useTune } from './store.ts'

export function StartCard({ report, isAnother }: { readonly report: PlanReport; readonly isAnother: boolean }) {
  const request = useTune((state) => state.request)
  const { plan, seconds, budget } = report
  const words = TUNE_COPY.start
  return (
    <Card
      title={isAnother ? words.anotherTitle : words.title}
      lead={words.lead(
        formatPlural(plan.steps, 'step'),
        seconds === null ? null : formatDuration(Math.max(1, seconds.total)),
      )}
    >
      <p>{plan.privacy === null ? words.noBudget : words.budget(formatFigure(plan.privacy.epsilonPlanned))}</p>
      {budget.fits ? null : (
        <Notice tone="warn" actions={<Button onClick={() => goTo('privacy')}>{LEDGER_COPY.tune.action}</Button>}>
          <p>{LEDGER_COPY.tune.beyond}</p>
        </Notice>
      )}
      <div>
        <Button
          disabled={!budget.fits}
          variant={isAnother ? 'secondary' : 'primary'}
          busy={request === 'starting'}
          onClick={() => void startRun(plan)}
        >
          {isAnother ? words.again : words.button}
        </Button>
      </div>
    </Card>
  )
}
