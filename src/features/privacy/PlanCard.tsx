import type { PlanReport } from '../../../workers/protocol/tuner.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { formatCount, formatDuration, formatFigure, formatPercent, formatSeconds } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { useModel } from '../model/store.ts'
import { Advanced } from './Advanced.tsx'
import { makePlan } from './actions.ts'
import { PRIVACY_COPY } from './copy.ts'
import { keptGain } from './cost.ts'
import { unitOf } from './knobs.ts'
import { noiseRatio } from './odds.ts'
import { usePrivacy } from './store.ts'

export function PlanCard() {
  const { status, choice, report: last, error } = usePrivacy()
  // While a new plan is made the last one stands there, unless it is of the other kind.
  const report = last !== null && (last.plan.privacy === null) === (choice === 'none') ? last : null
  const words = PRIVACY_COPY.plan
  return (
    <Card title={words.title}>
      {error === null ? null : (
        <ErrorNotice
          error={error}
          safe={words.failed}
          actions={<Button onClick={() => void makePlan()}>{words.again}</Button>}
        />
      )}
      {status === 'planning' || status === 'stale' ? <Progress label={words.working} share={null} /> : null}
      {report === null ? null : <PlanFacts {...report} />}
      {report === null ? null : <Cost plan={report.plan} />}
      <Advanced />
    </Card>
  )
}

/** What noise of this size left on public data; a warning where it is more than the rows can outweigh. */
function Cost({ plan }: { readonly plan: TuningPlan }) {
  const width = useModel(({ model }) => model?.width ?? 0)
  const ratio = noiseRatio(plan, width)
  if (plan.privacy === null || width === 0) return null
  const { cost, drowned } = PRIVACY_COPY
  const kept = formatPercent(keptGain(ratio))
  return (
    <Notice tone={ratio > 1 ? 'warn' : 'info'} title={ratio > 1 ? drowned.title : cost.title}>
      <p>{cost.detail(kept)}</p>
      {ratio > 1 ? <p>{drowned.detail(formatFigure(ratio))}</p> : null}
    </Notice>
  )
}

function PlanFacts({ plan, seconds }: PlanReport) {
  const words = PRIVACY_COPY.plan
  const { privacy } = plan
  const unit = unitOf(plan)
  return (
    <Facts
      facts={[
        { term: words.time, value: seconds === null ? words.unmeasured : formatDuration(seconds.total) },
        {
          term: words.steps,
          value: [
            formatCount(plan.steps),
            ...(seconds === null ? [] : [words.perStep(formatSeconds(seconds.perStep))]),
          ].join(', '),
        },
        { term: words.batch[unit], value: formatFigure(plan.batchSize) },
        { term: words.length, value: formatCount(plan.promptLength) },
        { term: words.rows[unit], value: formatCount(plan.trainRows) },
        ...(privacy === null
          ? []
          : [
              { term: words.epsilon, value: `ε ${formatFigure(privacy.epsilonPlanned)}` },
              { term: words.noise, value: words.noiseOf[unit](formatFigure(privacy.sigma)) },
            ]),
      ]}
    />
  )
}
