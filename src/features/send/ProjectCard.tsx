import { useEffect } from 'react'
import type { LedgerRun } from '../../../workers/protocol/ledger.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'
import { Card } from '../../ui/Card.tsx'
import { Checkbox } from '../../ui/Field.tsx'
import { refreshLedger } from '../ledger/actions.ts'
import { useLedger } from '../ledger/store.ts'
import { SEND_COPY } from './copy.ts'

type ProjectCardProps = {
  readonly run: RunSummary
  /** Ids of the other runs that the certificate is to name. */
  readonly declared: readonly string[]
  readonly onChange: (declared: readonly string[]) => void
}

/**
 * Other runs that the person may declare as one project with this one. All private runs of this browser are offered,
 * none is ticked: which of them share rows is nobody's to tell but the person's.
 */
export function ProjectCard({ run, declared, onChange }: ProjectCardProps) {
  const report = useLedger((state) => state.report)
  useEffect(() => void refreshLedger(), [])
  const known = report?.files.flatMap(({ runs }) => runs.map((line) => line.run)) ?? []
  const own = known.find(({ id }) => id === run.runId)
  if (own === undefined || own.mechanism === null) return null
  const others = known.filter(({ id, mechanism, unit }) => id !== own.id && mechanism !== null && unit === own.unit)
  if (others.length === 0) return null
  const copy = SEND_COPY.project
  return (
    <Card title={copy.title} lead={copy.lead}>
      <fieldset>
        <legend className="visually-hidden">{copy.title}</legend>
        {newestFirst(others).map((other) => (
          <Checkbox
            key={other.id}
            label={copy.run(other.dataName, other.at, other.mechanism?.epsilon ?? 0)}
            checked={declared.includes(other.id)}
            onChange={(checked) =>
              onChange(checked ? [...declared, other.id] : declared.filter((id) => id !== other.id))
            }
          />
        ))}
      </fieldset>
      <p>{copy.hint}</p>
    </Card>
  )
}

function newestFirst(runs: readonly LedgerRun[]): LedgerRun[] {
  return [...runs].sort((a, b) => b.at - a.at)
}
