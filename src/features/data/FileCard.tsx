import type { ColumnChoice, DataReport } from '../../../workers/protocol/tuner.ts'
import { Button } from '../../ui/Button.tsx'
import { Card } from '../../ui/Card.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Select } from '../../ui/Field.tsx'
import { formatBytes, formatCount, formatPlural } from '../../ui/format.ts'
import { Notice } from '../../ui/Notice.tsx'
import { Table } from '../../ui/Table.tsx'
import { TASK_LIMITS } from '../../../workers/protocol/task.ts'
import { LEDGER_COPY } from '../ledger/copy.ts'
import { useLedger } from '../ledger/store.ts'
import { chooseColumns, closeFile } from './actions.ts'
import { ClassBars } from './ClassBars.tsx'
import { DATA_COPY } from './copy.ts'
import styles from './FileCard.module.css'
import { useData } from './store.ts'

export function FileCard() {
  const report = useData((state) => state.report)
  const budget = useLedger((state) => state.file)
  const isText = useData(({ draft }) => (draft?.answer ?? null) !== null)
  if (report === null) return null
  const words = DATA_COPY.file
  return (
    <Card
      title={report.name}
      aside={
        <Button variant="quiet" onClick={closeFile}>
          {DATA_COPY.pick.another}
        </Button>
      }
    >
      <Facts
        facts={[
          { term: words.rows, value: formatCount(report.rows) },
          ...(report.persons === null ? [] : [{ term: words.persons, value: formatCount(report.persons) }]),
          { term: words.size, value: formatBytes(report.sizeBytes) },
          { term: words.format, value: words.formatName[report.format] },
          ...(budget === null || budget.runs + budget.plainRuns === 0
            ? []
            : [{ term: LEDGER_COPY.file.term, value: LEDGER_COPY.file.value(budget) }]),
        ]}
      />
      <Columns report={report} />
      <Persons report={report} />
      <LabelProblem report={report} />
      <Dropped report={report} />
      {isText || report.labels.length === 0 || report.labels.length > TASK_LIMITS.classes ? null : (
        <ClassBars labels={report.labels} />
      )}
      <Table
        caption={words.preview}
        columns={[
          { key: 'text', title: words.text },
          { key: 'label', title: isText ? words.answer : words.label },
        ]}
        rows={report.preview.map(({ text, label }, index) => ({ key: String(index), cells: [text, label ?? '–'] }))}
      />
      <p className={styles.hint}>{words.previewHint}</p>
    </Card>
  )
}

const NO_COLUMN = ''

function Columns({ report }: { readonly report: DataReport }) {
  const words = DATA_COPY.file
  if (report.columns.length < 2) return null
  const { textColumn, labelColumn, personColumn } = report
  const options = report.columns.map((column) => ({ value: column, label: column }))
  const others = options.filter(({ value }) => value !== personColumn)
  const chosen = chosenColumns(report)
  return (
    <div className={styles.columns}>
      <Select
        label={words.textColumn}
        value={textColumn}
        options={others}
        onChange={(text) => void chooseColumns({ ...chosen, text })}
      />
      <Select
        label={words.labelColumn}
        value={labelColumn ?? NO_COLUMN}
        options={labelColumn === null ? [{ value: NO_COLUMN, label: words.noLabel }, ...others] : others}
        onChange={(label) => void chooseColumns({ ...chosen, label })}
      />
      {report.columns.length < 3 ? null : (
        <Select
          label={words.personColumn}
          hint={words.personHint}
          value={personColumn ?? NO_COLUMN}
          options={[
            { value: NO_COLUMN, label: words.noPersons },
            ...options.filter(({ value }) => value !== textColumn && value !== labelColumn),
          ]}
          onChange={(person) => void chooseColumns(withPersons(report, person))}
        />
      )}
    </div>
  )
}

function chosenColumns({ textColumn, labelColumn, personColumn }: DataReport): ColumnChoice {
  return {
    text: textColumn,
    ...(labelColumn === null ? {} : { label: labelColumn }),
    ...(personColumn === null ? {} : { person: personColumn }),
  }
}

function withPersons(report: DataReport, column: string): ColumnChoice {
  return chosenColumns({ ...report, personColumn: column === NO_COLUMN ? null : column })
}

/** What a column of persons means, where one is chosen or looks like it. */
function Persons({ report }: { readonly report: DataReport }) {
  const words = DATA_COPY.file
  const { personColumn, likelyPersonColumn } = report
  if (personColumn !== null) return <p className={styles.hint}>{words.personsChosen}</p>
  if (likelyPersonColumn === null) return null
  const use = () => void chooseColumns(withPersons(report, likelyPersonColumn))
  return (
    <Notice
      title={words.likelyPersons.title(likelyPersonColumn)}
      actions={<Button onClick={use}>{words.likelyPersons.use}</Button>}
    >
      <p>{words.likelyPersons.detail}</p>
    </Notice>
  )
}

function LabelProblem({ report }: { readonly report: DataReport }) {
  const words = DATA_COPY.file
  if (report.labelColumn === null) {
    return (
      <Notice tone="warn" title={words.unlabelled.title}>
        <p>{words.unlabelled.detail}</p>
      </Notice>
    )
  }
  const [only, ...others] = report.labels
  if (only !== undefined && others.length === 0) {
    return (
      <Notice tone="warn" title={words.oneLabel.title(only.label)}>
        <p>{words.oneLabel.detail}</p>
      </Notice>
    )
  }
  return null
}

function Dropped({ report }: { readonly report: DataReport }) {
  const words = DATA_COPY.file
  const dropped = report.dropped.filter(({ rows }) => rows > 0)
  if (dropped.length === 0) return null
  return (
    <Notice title={words.dropped}>
      <ul>
        {dropped.map(({ reason, rows }) => (
          <li key={reason}>
            {formatPlural(rows, 'row')} {words.reason[reason]}
          </li>
        ))}
      </ul>
    </Notice>
  )
}
