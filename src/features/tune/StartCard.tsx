import type { PlanReport } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { formatDuration, formatFigure, formatPlural } from '../../ui/format.ts'
import { startRun } from './actions.ts'
import { TUNE_COPY } from './copy.ts'
import { useTune } from './store.ts'

export function StartCard({ report, isAnother }: { readonly report: PlanReport; readonly isAnother: boolean }) {
  const request = useTune((state) => state.request)
  const { plan, secondsTotal } = report
  const words = TUNE_COPY.start
  return (
    <Card title={words.title} lead={words.lead(formatPlural(plan.steps, 'step'), formatDuration(secondsTotal))}>
      <p>{plan.privacy === null ? words.noBudget : words.budget(formatFigure(plan.privacy.epsilonPlanned))}</p>
      <div>
        <Button
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
