import type { ReactNode } from 'react'
import type { DataReport } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { formatPlural } from '../../ui/format.ts'
import { Table } from '../../ui/Table.tsx'
import { leaveOutLong } from './actions.ts'
import { DATA_COPY } from './copy.ts'
import { EditedFile } from './EditedFile.tsx'
import { rareLabels, usefulRepairs } from './problems.ts'
import styles from './ProblemsCard.module.css'
import { useData } from './store.ts'

const words = DATA_COPY.problems

/** Labels that a sentence can hold. */
const NAMED = 8

/** What is odd about the rows, one line each, with what can be done about it. */
export function ProblemsCard({ report }: { readonly report: DataReport }) {
  const withoutLong = useData((state) => state.withoutLong)
  const { duplicates, nearDuplicates, contradictions, longRows } = report.problems
  const isText = useData(({ draft }) => (draft?.answer ?? null) !== null)
  // Answers that are texts are seldom alike; that is no fault of theirs.
  const rare = isText ? [] : rareLabels(report)
  const repairs = usefulRepairs(report)
  const isClean = repairs.length === 0 && rare.length === 0
  return (
    <Card title={words.title} lead={words.lead}>
      {isClean ? <p className={styles.clean}>{words.clean}</p> : null}
      <ul className={styles.list}>
        {contradictions.texts === 0 ? null : <Contradictions found={contradictions} />}
        {duplicates === 0 ? null : (
          <Problem isMended title={words.duplicates(formatPlural(duplicates, 'row'))}>
            {words.duplicatesDetail}
          </Problem>
        )}
        {nearDuplicates === 0 ? null : (
          <Problem title={words.nearDuplicates(formatPlural(nearDuplicates, 'row'))}>
            {words.nearDuplicatesDetail}
          </Problem>
        )}
        {longRows === 0 ? null : (
          <Problem
            title={words.long(formatPlural(longRows, 'row'))}
            action={<Button onClick={() => void leaveOutLong(true)}>{words.leaveOutLong}</Button>}
          >
            {words.longDetail}
          </Problem>
        )}
        {rare.length === 0 ? null : (
          <Problem title={words.rare(formatPlural(rare.length, 'label'))}>
            {words.rareDetail(rare.slice(0, NAMED).join(', ') + (rare.length > NAMED ? ', …' : ''))}
          </Problem>
        )}
      </ul>
      {withoutLong ? (
        <p>
          <Button variant="quiet" onClick={() => void leaveOutLong(false)}>
            {words.keepLong}
          </Button>
        </p>
      ) : null}
      {repairs.length === 0 ? null : <EditedFile repairs={repairs} />}
    </Card>
  )
}

type ProblemProps = {
  readonly title: string
  /** Whether it is already taken care of. */
  readonly isMended?: boolean
  readonly action?: ReactNode
  readonly children: ReactNode
}

function Problem({ title, isMended = false, action, children }: ProblemProps) {
  return (
    <li className={styles.problem}>
      <span className={isMended ? styles.mended : styles.mark} aria-hidden="true">
        {isMended ? '✓' : '!'}
      </span>
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        <div className={styles.detail}>{children}</div>
      </div>
      {action}
    </li>
  )
}

function Contradictions({ found }: { readonly found: DataReport['problems']['contradictions'] }) {
  const title = words.contradictions(formatPlural(found.texts, 'text'), formatPlural(found.rows, 'row'))
  return (
    <Problem title={title}>
      <p>{words.contradictionsDetail}</p>
      <Table
        caption={words.contradictionsTable}
        hideCaption
        columns={[
          { key: 'text', title: DATA_COPY.file.text },
          { key: 'labels', title: words.labelledAs },
        ]}
        rows={found.shown.map(({ text, labels }) => ({
          key: text,
          cells: [text, labels.map(({ label, rows }) => `${label} (${rows})`).join(', ')],
        }))}
      />
    </Problem>
  )
}
