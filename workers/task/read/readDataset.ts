/** From a file of examples to its rows and a report on them. Every act is a rule on one row alone. */
import { SoftpostError } from '../../protocol/errors.ts'
import type { ColumnChoice, DataChoice, DataReport, Repair } from '../../protocol/tuner.ts'
import { countsOf } from '../rows.ts'
import type { Example } from '../types.ts'
import { chooseColumns, findPersonColumn, type ChosenColumns } from './columns.ts'
import { decodeText } from './decode.ts'
import { readDelimited } from './delimited.ts'
import { readJsonLines, readTextLines } from './lines.ts'
import { findProblems, isLong, keptBy } from './problems.ts'
import type { Table } from './table.ts'

/** Half a million rows of ordinary length; more does not fit a tab's memory beside a model. */
export const MAX_FILE_BYTES = 100 * 1024 * 1024

/** Rows, characters of a row, and labels that the report shows. */
const PREVIEW = { rows: 8, characters: 300, labels: 200 } as const

export type DataFile = { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
export type Dataset = { readonly report: DataReport; readonly examples: readonly Example[] }

/** To be asked before a file is read. Errors: `file-too-large`. */
export function requireFileSize(sizeBytes: number): void {
  if (sizeBytes <= MAX_FILE_BYTES) return
  throw new SoftpostError(
    'file-too-large',
    `the file has ${Math.round(sizeBytes / 2 ** 20)} MiB, more than ${MAX_FILE_BYTES / 2 ** 20} MiB; cut it into parts`,
    { data: { sizeBytes, limitBytes: MAX_FILE_BYTES } },
  )
}

/**
 * Reads CSV, TSV, JSON lines, or one text a line, by the file's name and else by its first line.
 * @throws SoftpostError `file-empty`, `file-too-large`, `file-binary`, `file-encoding`, `file-format`,
 * `column-missing`, `no-rows`.
 */
export function readDataset(file: DataFile, choice: DataChoice): Dataset {
  requireFileSize(file.bytes.byteLength)
  const text = decodeText(file.bytes)
  const format = findFormat(file.name, text)
  const table = readTable(text, format)
  const columns = chooseColumns(requireRows(table, format).columns, choice)
  const { examples, dropped } = takeRows(table, { ...columns, withoutLong: choice.withoutLong === true })
  if (examples.length === 0) {
    throw new SoftpostError(
      'no-rows',
      `none of the ${table.rows.length} rows has a text and a label; check the columns`,
      {
        data: { rows: table.rows.length, columns: table.columns },
      },
    )
  }
  const report: DataReport = {
    name: file.name,
    sizeBytes: file.bytes.byteLength,
    format,
    columns: table.columns,
    textColumn: table.columns[columns.text] ?? '',
    labelColumn: nameOf(table, columns.label),
    personColumn: nameOf(table, columns.person),
    likelyPersonColumn: likelyPersonColumn(table, columns),
    persons: columns.person === null ? null : new Set(examples.map(({ person }) => person)).size,
    rows: examples.length,
    labels: countLabels(examples),
    preview: examples
      .slice(0, PREVIEW.rows)
      .map(({ text, label }) => ({ text: text.slice(0, PREVIEW.characters), label })),
    dropped,
    problems: findProblems(examples),
  }
  return { report, examples }
}

function nameOf({ columns }: Table, index: number | null): string | null {
  return index === null ? null : (columns[index] ?? '')
}

function likelyPersonColumn(table: Table, { text, label }: ChosenColumns): string | null {
  const found = findPersonColumn(table.columns)
  return found === text || found === label ? null : nameOf(table, found)
}

/**
 * The file less the rows that `repairs` name, and less those without a text or a label. It keeps all its columns.
 * Errors: as {@link readDataset}.
 */
export function repairTable(file: DataFile, choice: DataChoice, repairs: readonly Repair[]): Table {
  requireFileSize(file.bytes.byteLength)
  const text = decodeText(file.bytes)
  const format = findFormat(file.name, text)
  const table = requireRows(readTable(text, format), format)
  const columns = chooseColumns(table.columns, choice)
  const { examples, places } = takeRows(table, { ...columns, withoutLong: choice.withoutLong === true })
  const kept = keptBy(new Set(repairs), examples)
  return { ...table, rows: places.flatMap((place, row) => (kept[row] === true ? [table.rows[place] ?? []] : [])) }
}

/** Every readable row of a file with all its columns, and where the text stands. Errors: as {@link readDataset}. */
export function readWholeTable(file: DataFile, choice: ColumnChoice): { readonly table: Table; readonly text: number } {
  requireFileSize(file.bytes.byteLength)
  const text = decodeText(file.bytes)
  const format = findFormat(file.name, text)
  const table = requireRows(readTable(text, format), format)
  return { table, text: chooseColumns(table.columns, choice).text }
}

const EXTENSIONS: Readonly<Record<string, DataReport['format']>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  txt: 'text',
  text: 'text',
}

function findFormat(name: string, text: string): DataReport['format'] {
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  const known = Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined
  if (known !== undefined) return known
  const [first = ''] = text.trimStart().split(/[\r\n]/, 1)
  if (first.startsWith('{')) return 'jsonl'
  if (first.includes('\t')) return 'tsv'
  return /^[^,;|]+[,;|]/.test(first) ? 'csv' : 'text'
}

function readTable(text: string, format: DataReport['format']): Table {
  if (format === 'jsonl') return readJsonLines(text)
  return format === 'text' ? readTextLines(text) : readDelimited(text, format)
}

function requireRows(table: Table, format: DataReport['format']): Table {
  if (table.rows.length > 0) return table
  if (table.malformed > 0) {
    throw new SoftpostError(
      'file-format',
      `none of the ${table.malformed} rows could be read as ${format.toUpperCase()}; check the file's format and its name's ending`,
    )
  }
  throw new SoftpostError('no-rows', 'the file names columns and has no rows; add examples')
}

type Taking = ChosenColumns & { readonly withoutLong: boolean }
type Taken = {
  readonly examples: readonly Example[]
  readonly dropped: DataReport['dropped']
  /** The table's row of each example. */
  readonly places: readonly number[]
}

function takeRows(table: Table, { withoutLong, ...columns }: Taking): Taken {
  const examples: Example[] = []
  const places: number[] = []
  const counts = { 'empty-text': 0, 'missing-label': 0, 'missing-person': 0, 'too-long': 0, malformed: table.malformed }
  const take = (example: Example, place: number) => {
    examples.push(example)
    places.push(place)
  }
  for (const [place, row] of table.rows.entries()) {
    const text = row[columns.text]?.trim() ?? ''
    const label = columns.label === null ? null : (row[columns.label]?.trim() ?? '')
    if (text === '') counts['empty-text']++
    else if (label === '') counts['missing-label']++
    else if (withoutLong && isLong(text)) counts['too-long']++
    else if (columns.person === null) take({ text, label }, place)
    else {
      const person = row[columns.person]?.trim() ?? ''
      if (person === '') counts['missing-person']++
      else take({ text, label, person }, place)
    }
  }
  const reasons = ['empty-text', 'missing-label', 'missing-person', 'too-long', 'malformed'] as const
  const dropped = reasons.map((reason) => ({ reason, rows: counts[reason] })).filter(({ rows }) => rows > 0)
  return { examples, dropped, places }
}

function countLabels(examples: readonly Example[]): DataReport['labels'] {
  const counts = new Map<string, number>()
  for (const { label } of examples) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1)
  return countsOf(counts).slice(0, PREVIEW.labels)
}
