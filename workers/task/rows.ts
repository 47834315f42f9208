/** From a file's examples to rows that the task can use. Each act is a rule on one row alone, or exact dedupe. */
import { SoftpostError } from '../protocol/errors.ts'
import { classNames, type ClassifyTask, type ExtractTask } from '../protocol/task.ts'
import type { AnswerFault } from '../protocol/tuner.ts'
import type { AnswerForm } from './answers.ts'
import type { Example } from './types.ts'

/** A row whose label is one of the task's classes, or an answer that the model can write. */
type Row = {
  readonly text: string
  readonly label: string
  /** Place of the label in `classNames(task)`; 0 where the label is an answer. */
  readonly classIndex: number
  /** Whose row it is, where a column names persons. */
  readonly person?: string
}

export type PreparedRows = {
  readonly rows: readonly Row[]
  /** Rows left out since their label is not a class of the task, or an answer of no use, or missing. */
  readonly withoutClass: number
  /** The same by label, most frequent first; rows without a label are not among them. */
  readonly otherLabels: readonly { readonly label: string; readonly rows: number }[]
  /** Rows left out since an equal one (text, label and person) stands before them. */
  readonly duplicates: number
  /** What is wrong with the answers of rows that were left out; empty for a task of classes. */
  readonly faults: readonly { readonly fault: AnswerFault; readonly rows: number }[]
}

/** `keepDuplicates` is for measuring: every row of the file counts. */
type RowOptions = { readonly keepDuplicates?: boolean }

export function prepareRows(task: ClassifyTask, examples: readonly Example[], options: RowOptions = {}): PreparedRows {
  const classes = new Map(classNames(task).map((label, index) => [label, index]))
  const others = new Map<string, number>()
  let withoutClass = 0
  const all = examples.flatMap(({ text, label, ...whose }): Row[] => {
    const classIndex = label === null ? undefined : classes.get(label)
    if (label !== null && classIndex !== undefined) return [{ text, label, classIndex, ...whose }]
    withoutClass++
    if (label !== null) others.set(label, (others.get(label) ?? 0) + 1)
    return []
  })
  return { ...withoutDuplicates(all, options), withoutClass, otherLabels: countsOf(others), faults: [] }
}

/** The same for a task whose answers are texts. Options as in {@link prepareRows}. */
export function prepareAnswers(
  { tokensOf }: Pick<AnswerForm, 'tokensOf'>,
  examples: readonly Example[],
  options: RowOptions = {},
): PreparedRows {
  const faults = new Map<AnswerFault, number>()
  const all = examples.flatMap(({ text, label, ...whose }): Row[] => {
    const found = tokensOf(label ?? '')
    if (label !== null && typeof found !== 'string') return [{ text, label, classIndex: 0, ...whose }]
    const fault = typeof found === 'string' ? found : 'empty'
    faults.set(fault, (faults.get(fault) ?? 0) + 1)
    return []
  })
  return {
    ...withoutDuplicates(all, options),
    withoutClass: examples.length - all.length,
    otherLabels: [],
    faults: [...faults].map(([fault, rows]) => ({ fault, rows })),
  }
}

function withoutDuplicates(
  all: readonly Row[],
  { keepDuplicates = false }: RowOptions,
): Pick<PreparedRows, 'rows' | 'duplicates'> {
  if (keepDuplicates) return { rows: all, duplicates: 0 }
  const seen = new Set<string>()
  const rows = all.filter(({ text, label, person }) => {
    // Equal rows of two persons both stay: whether one takes part must not depend on the other.
    const key = JSON.stringify([label, person ?? null, text])
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  return { rows, duplicates: all.length - rows.length }
}

/** Counts by label, most frequent first. */
export function countsOf(counts: ReadonlyMap<string, number>): { label: string; rows: number }[] {
  return [...counts].map(([label, rows]) => ({ label, rows })).sort((a, b) => b.rows - a.rows)
}

/** Labels that an error may show: class names are declared public, a wrong column's content is not. */
const SHOWN_CLASSES = 8

/**
 * @throws SoftpostError `no-rows` when no row has a class of the task, `one-class` when all have the same.
 */
export function requireClasses(task: ClassifyTask, prepared: PreparedRows): void {
  const names = classNames(task)
  const [first] = prepared.rows
  if (first === undefined) {
    const listed = names.slice(0, SHOWN_CLASSES).join(', ') + (names.length > SHOWN_CLASSES ? ', …' : '')
    throw new SoftpostError(
      'no-rows',
      `none of the ${prepared.withoutClass} rows has one of the task's labels (${listed}); check the label column and the task`,
      { data: { rows: prepared.withoutClass, classes: names } },
    )
  }
  if (prepared.rows.every(({ classIndex }) => classIndex === first.classIndex)) {
    throw new SoftpostError(
      'one-class',
      `all ${prepared.rows.length} rows have the label "${first.label}"; there is nothing to tell apart, add rows of another class`,
      { data: { rows: prepared.rows.length, label: first.label } },
    )
  }
}

/** @throws SoftpostError `no-rows` when no row has an answer that the task can use, saying what is wrong with them. */
export function requireAnswers(task: ExtractTask, prepared: PreparedRows): void {
  if (prepared.rows.length > 0) return
  throw new SoftpostError(
    'no-rows',
    `none of the ${prepared.withoutClass} rows has an answer that can be used: ${describeFaults(task, prepared)}; check the column of answers and the task`,
    { data: { rows: prepared.withoutClass } },
  )
}

/** Counts alone: what the answers say stays in the file. */
export function describeFaults(task: ExtractTask, { faults }: Pick<PreparedRows, 'faults'>): string {
  const words: Readonly<Record<AnswerFault, string>> = {
    empty: 'have an empty answer',
    'too-long': `have an answer of more than ${task.maxAnswerTokens} tokens (maxAnswerTokens)`,
    'holds-end': `have an answer that holds the end mark ${JSON.stringify(task.end)}`,
  }
  return faults.map(({ fault, rows }) => `${rows} ${words[fault]}`).join(', ')
}
