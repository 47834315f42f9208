/** Which columns hold the text, its label and whose row it is. Decided by names and places alone, never by what the rows say. */
import { SoftpostError } from '../../protocol/errors.ts'
import type { ColumnChoice } from '../../protocol/tuner.ts'

const TEXT_NAMES = ['text', 'sentence', 'review', 'message', 'question', 'query', 'utterance', 'content', 'body']
const LABEL_NAMES = ['label', 'class', 'category', 'intent', 'sentiment', 'topic', 'target', 'tag', 'answer']

/** In small letters, without gaps and without an ending such as `id`. */
const PERSON_NAMES: ReadonlySet<string> = new Set(
  (
    'person user customer client patient member employee student author speaker ' +
    'participant respondent account group'
  ).split(' '),
)

export type ChosenColumns = { readonly text: number; readonly label: number | null; readonly person: number | null }

/**
 * The named columns; where none is named, the one with a usual name, else the first column for the text and, of two
 * columns, the other for the label. Persons stand in a column only if it is named.
 * @throws SoftpostError `column-missing` with the columns found, when a named one is not there or serves twice.
 */
export function chooseColumns(columns: readonly string[], choice: ColumnChoice): ChosenColumns {
  const { text, label } = chooseTextAndLabel(columns, choice)
  if (choice.person === undefined) return { text, label, person: null }
  const person = requireColumn(columns, choice.person)
  if (person === text || person === label) {
    throw new SoftpostError('column-missing', 'the column of persons holds the texts or the labels; choose another one')
  }
  return { text, label, person }
}

/** A column that, by its name, says whose row it is: `user`, `customer_id`, `Patient ID`. */
export function findPersonColumn(columns: readonly string[]): number | null {
  const found = columns.findIndex((column) => {
    const name = column.toLowerCase().replaceAll(/[\s_-]/g, '')
    return PERSON_NAMES.has(name.replace(/(?:id|no|nr|number|name|key)$/, ''))
  })
  return found < 0 ? null : found
}

function chooseTextAndLabel(columns: readonly string[], choice: ColumnChoice): Omit<ChosenColumns, 'person'> {
  // A lone column is the text, whatever it is called.
  const usual = columns.length > 1 ? findUsual(columns, LABEL_NAMES) : null
  const label = choice.label === undefined ? usual : requireColumn(columns, choice.label)
  const text =
    choice.text === undefined
      ? (findUsual(columns, TEXT_NAMES) ?? columns.findIndex((_, index) => index !== label))
      : requireColumn(columns, choice.text)
  if (text < 0) throw missing('text', columns)
  if (label === text) {
    if (choice.label !== undefined && choice.text !== undefined) {
      throw new SoftpostError('column-missing', 'text and label are the same column; choose two')
    }
    return { text, label: null }
  }
  if (label === null && columns.length === 2) return { text, label: 1 - text }
  return { text, label }
}

function findUsual(columns: readonly string[], names: readonly string[]): number | null {
  for (const name of names) {
    const index = columns.findIndex((column) => column.toLowerCase() === name)
    if (index >= 0) return index
  }
  return null
}

function requireColumn(columns: readonly string[], name: string): number {
  const exact = columns.indexOf(name)
  const index = exact >= 0 ? exact : columns.findIndex((column) => column.toLowerCase() === name.trim().toLowerCase())
  if (index < 0) throw missing(name, columns)
  return index
}

/** Names longer than this, or this many, are more likely a row of the data, which no error may show. */
const NAME_LENGTH = 40
const NAME_COUNT = 30

function missing(name: string, columns: readonly string[]): SoftpostError {
  const areNames = columns.length <= NAME_COUNT && columns.every((column) => column.length <= NAME_LENGTH)
  const found = areNames ? `it has ${columns.join(', ')}` : 'its first row does not look like column names'
  return new SoftpostError('column-missing', `the file has no column ${JSON.stringify(name)}; ${found}`, {
    data: { column: name, ...(areNames ? { columns } : {}) },
  })
}
