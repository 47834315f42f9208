import type { PlanOdds } from '../../../workers/protocol/tuning.ts'
import { Disclosure } from '../../ui/Disclosure.tsx'
import { formatCount, formatFigure } from '../../ui/format.ts'
import { Table } from '../../ui/Table.tsx'
import { PRIVACY_COPY } from './copy.ts'
import { inHundred } from './odds.ts'

/** How many a careful attacker can recognise, and what several rows of one person cost. */
export function AttackTable({ odds, unit }: { readonly odds: PlanOdds; readonly unit: 'row' | 'person' }) {
  const words = PRIVACY_COPY.attack
  return (
    <Disclosure summary={words.summary}>
      <p>{words.hint[unit]}</p>
      <Table
        caption={words.caption}
        hideCaption
        columns={[
          { key: 'wrong', title: words.wrong, align: 'end' },
          { key: 'right', title: words.right, align: 'end' },
        ]}
        rows={odds.recognised.map(({ falseAlarms, most }) => ({
          key: String(falseAlarms),
          cells: [formatCount(Math.round(100 * falseAlarms)), formatCount(inHundred(most))],
        }))}
      />
      {odds.person === null ? null : <p>{words.person(odds.person.rows, formatFigure(odds.person.epsilon))}</p>}
      <p>{words.limits}</p>
    </Disclosure>
  )
}
