import type { NoiseTest } from '../../../workers/protocol/audit.ts'
import { assertNever } from '../../../workers/protocol/errors.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Progress } from '../../ui/Progress.tsx'
import { Table } from '../../ui/Table.tsx'
import { AUDIT_COPY } from './copy.ts'
import { stopNoiseTest, testNoise, useNoiseTest } from './noiseTest.ts'

const words = AUDIT_COPY.noise

/** For a plan with differential privacy: does this device make the noise that it needs? */
export function NoiseTestCard({ plan }: { readonly plan: TuningPlan }) {
  return (
    <Card title={words.title} lead={words.lead}>
      <State plan={plan} />
    </Card>
  )
}

function State({ plan }: { readonly plan: TuningPlan }) {
  const testing = useNoiseTest((state) => state.testing)
  const start = () => void testNoise(plan)
  switch (testing.status) {
    case 'idle':
      return (
        <div>
          <Button onClick={start}>{words.start}</Button>
        </div>
      )
    case 'working':
    case 'stopping':
      return (
        <>
          <Progress label={words.working} share={testing.share} />
          <div>
            <Button busy={testing.status === 'stopping'} onClick={stopNoiseTest}>
              {testing.status === 'stopping' ? words.stopping : words.stop}
            </Button>
          </div>
        </>
      )
    case 'done':
      return (
        <>
          <Result {...testing.result} />
          <div>
            <Button onClick={start}>{words.again}</Button>
          </div>
        </>
      )
    case 'failed':
      return (
        <ErrorNotice error={testing.error} safe={words.safe} actions={<Button onClick={start}>{words.again}</Button>} />
      )
    default:
      return assertNever(testing)
  }
}

function Result({ selfTest, canaries }: NoiseTest) {
  const { passed, checks, noiseRatio, steps, draws, falseAlarm } = selfTest
  const { correct, guesses, epsilonLower, epsilon } = canaries
  const isBroken = epsilonLower > epsilon
  return (
    <>
      {passed && !isBroken ? (
        <Notice tone="good" title={words.passed(checks.length)} live>
          <p>{words.passedDetail(noiseRatio, steps, draws)}</p>
        </Notice>
      ) : (
        <Notice tone="error" title={words.failed}>
          <p>{words.failedDetail}</p>
        </Notice>
      )}
      <p>
        {words.canaries(correct, guesses, canaries.canaries)}{' '}
        {isBroken ? words.broken(epsilonLower, epsilon) : `${words.bound(epsilonLower, epsilon)} ${words.boundHint}`}
      </p>
      <Disclosure summary={words.details}>
        <Table
          caption={words.table}
          hideCaption
          columns={[
            { key: 'check', title: words.columns.check },
            { key: 'verdict', title: words.columns.verdict },
            { key: 'chance', title: words.columns.chance, align: 'end' },
          ]}
          rows={checks.map(({ id, pValue, passed }) => ({
            key: id,
            cells: [
              words.checks[id],
              <Badge key="verdict" tone={passed ? 'good' : 'seal'}>
                {passed ? words.ok : words.notOk}
              </Badge>,
              pValue.toPrecision(2),
            ],
          }))}
        />
        <p>{words.falseAlarm(falseAlarm)}</p>
      </Disclosure>
    </>
  )
}
