import { Card } from '../../ui/Card.tsx'
import { formatCount, formatFigure, formatPlural, formatTiny } from '../../ui/format.ts'
import { AttackTable } from './AttackTable.tsx'
import { PRIVACY_COPY } from './copy.ts'
import { GuessGrid } from './GuessGrid.tsx'
import styles from './OddsCard.module.css'
import { unitOf } from './knobs.ts'
import { likelihoodFactor, rightGuesses } from './odds.ts'
import { usePrivacy } from './store.ts'

/** The promise of the plan in words: guesses in a hundred first, then ε and δ. */
export function OddsCard() {
  const report = usePrivacy((state) => state.report)
  const isFresh = usePrivacy((state) => state.status === 'planned')
  const words = PRIVACY_COPY.odds
  const privacy = report?.plan.privacy ?? null
  if (report === null || privacy === null) return null
  const right = rightGuesses(report.odds)
  const { epsilonPlanned, delta } = privacy
  const { maxRowsPerPerson } = report.plan
  const factor = likelihoodFactor(epsilonPlanned)
  return (
    <Card title={words.title}>
      <div className={styles.split} data-stale={isFresh ? undefined : ''}>
        <GuessGrid right={right} />
        <div className={styles.words}>
          <p className={styles.figure}>{words.figure(right)}</p>
          <p>{words.sentence[unitOf(report.plan)](right)}</p>
          <p className={styles.small}>
            {words.factor[unitOf(report.plan)](
              factor >= 100 ? formatCount(Math.ceil(factor)) : formatFigure(factor),
              formatFigure(epsilonPlanned),
            )}{' '}
            {words.delta(formatTiny(delta))}
          </p>
          <p className={styles.small}>
            {maxRowsPerPerson === undefined ? words.unit.row : words.unit.person(formatPlural(maxRowsPerPerson, 'row'))}
          </p>
        </div>
      </div>
      {report.odds === null ? null : <AttackTable odds={report.odds} unit={unitOf(report.plan)} />}
    </Card>
  )
}
