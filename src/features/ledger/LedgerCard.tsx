import { useEffect } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { ErrorNotice } from '../../ui/ErrorNotice.tsx'
import { Table } from '../../ui/Table.tsx'
import { refreshLedger, saveBudget } from './actions.ts'
import { describeEpsilon, describeRuns, LEDGER_COPY } from './copy.ts'
import { useLedger } from './store.ts'

/** All files that this browser has run on, and what each one's rows have spent. */
export function LedgerCard() {
  const { report, reportError, doing } = useLedger()
  const words = LEDGER_COPY.list
  useEffect(() => void refreshLedger(), [])
  if (reportError !== null) {
    return (
      <ErrorNotice
        error={reportError}
        safe={words.safe}
        actions={<Button onClick={() => void refreshLedger()}>{words.again}</Button>}
      />
    )
  }
  if (report === null || report.files.length === 0) return null
  return (
    <Card title={words.title} lead={words.lead}>
      <Table
        caption={words.caption}
        hideCaption
        columns={[
          { key: 'file', title: words.columns.file },
          { key: 'runs', title: words.columns.runs },
          { key: 'spent', title: words.columns.spent, align: 'end' },
          { key: 'limit', title: words.columns.limit, align: 'end' },
          { key: 'saved', title: words.columns.saved },
        ]}
        rows={report.files.map(({ name, budget, runs }) => {
          const [newest] = runs
          return {
            key: newest?.run.id ?? name,
            cells: [
              name,
              describeRuns(runs, budget),
              budget.runs === 0 ? '–' : describeEpsilon(budget.spent),
              describeEpsilon(budget.budget),
              budget.saved || newest === undefined ? (
                words.saved
              ) : (
                <Button key="save" busy={doing === 'saving'} onClick={() => void saveBudget(newest.run.id, name)}>
                  {LEDGER_COPY.change.save}
                </Button>
              ),
            ],
          }
        })}
      />
    </Card>
  )
}
