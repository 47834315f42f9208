/** Files of texts that get their labels: read with all their columns, written with two more. */
import { answerProbability, answerWords, isText, type Answer } from '../protocol/answer.ts'
import type { ColumnChoice, LabelledFile } from '../protocol/tuner.ts'
import { writeCsv } from './csv.ts'
import { readWholeTable, type DataFile } from './read/readDataset.ts'
import type { Table } from './read/table.ts'

export type TextFile = {
  readonly table: Table
  /** Trimmed, row by row; '' where there is none. */
  readonly texts: readonly string[]
}

export function readTextFile(file: DataFile, choice: ColumnChoice): TextFile {
  const { table, text } = readWholeTable(file, choice)
  return { table, texts: table.rows.map((row) => row[text]?.trim() ?? '') }
}

/**
 * CSV by RFC 4180 with the file's own columns first. `labels` has one entry a row, null where there is no text; answers
 * that are texts stand in a column of that name.
 */
export function writeLabelled({ columns, rows }: Table, labels: readonly (Answer | null)[]): LabelledFile {
  const name = labels.some((label) => label !== null && isText(label)) ? 'answer' : 'label'
  const header = [...columns, freeName(name, columns), freeName('probability', columns)]
  const lines = rows.map((row, index) => {
    const cells = columns.map((_, column) => row[column] ?? '')
    return [...cells, ...labelCells(labels[index] ?? null)]
  })
  const labelled = labels.reduce((count, label) => count + (label === null ? 0 : 1), 0)
  return { rows: labelled, csv: writeCsv([header, ...lines]) }
}

function labelCells(answer: Answer | null): [label: string, probability: string] {
  return answer === null ? ['', ''] : [answerWords(answer), answerProbability(answer).toFixed(4)]
}

/** A file that has such a column keeps it; ours gets another name. */
function freeName(name: string, columns: readonly string[]): string {
  const taken = new Set(columns.map((column) => column.toLowerCase()))
  if (!taken.has(name)) return name
  let number = 1
  while (taken.has(`softpost ${name}${number === 1 ? '' : ` ${number}`}`)) number++
  return `softpost ${name}${number === 1 ? '' : ` ${number}`}`
}
