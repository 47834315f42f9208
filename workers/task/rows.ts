/** From a file's examples to rows of the task's classes. Each act is a rule on one row alone, or exact dedupe. */
import { SoftpostError } from '../protocol/errors.ts'
import { classNames, type Task } from '../protocol/task.ts'
import type { Example } from './types.ts'

/** A row whose label is one of the task's classes. */
type Row = {
  readonly text: string
  readonly label: string
  /** Place of the label in `classNames(task)`. */
  readonly classIndex: number
  /** Whose row it is, where a column names persons. */
  readonly person?: string
}

export type PreparedRows = {
  readonly rows: readonly Row[]
  /** Rows left out since their label is not a class of the task, or missing. */
  readonly withoutClass: number
  /** The same by label, most frequent first; rows without a label are not among them. */
  readonly otherLabels: readonly { readonly label: string; readonly rows: number }[]
  /** Rows left out since an equal one (text, label and person) stands before them. */
  readonly duplicates: number
}

/**
 * @param options.keepDuplicates for measuring: every row of the file counts.
 */
export function prepareRows(
  task: Task,
  examples: readonly Example[],
  options: { readonly keepDuplicates?: boolean } = {},
): PreparedRows {
  const classes = new Map(classNames(task).map((label, index) => [label, index]))
  const seen = new Set<string>()
  const others = new Map<string, number>()
  const rows: Row[] = []
  let withoutClass = 0
  let duplicates = 0
  for (const { text, label, ...whose } of examples) {
    const classIndex = label === null ? undefined : classes.get(label)
    if (label === null || classIndex === undefined) {
      withoutClass++
      if (label !== null) others.set(label, (others.get(label) ?? 0) + 1)
      continue
    }
    // Equal rows of two persons both stay: whether one takes part must not depend on the other.
    const key = JSON.stringify([classIndex, whose.person ?? null, text])
    if (options.keepDuplicates !== true && seen.has(key)) {
      duplicates++
      continue
    }
    seen.add(key)
    rows.push({ text, label, classIndex, ...whose })
  }
  return { rows, withoutClass, otherLabels: countsOf(others), duplicates }
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
export function requireClasses(task: Task, prepared: PreparedRows): void {
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
