/**
 * CSV and TSV by RFC 4180, in one pass over the text. Our own rather than a package: each character must be looked at
 * a bounded number of times whatever the file, and a row that is wrong must be a wrong row and no more.
 */
import { SoftpostError } from '../../protocol/errors.ts'
import { MAX_COLUMNS, type Table } from './table.ts'

const DELIMITERS = [',', ';', '\t', '|'] as const
type Delimiter = (typeof DELIMITERS)[number]

/** The first row names the columns. Errors: `file-format`. */
export function readDelimited(text: string, format: 'csv' | 'tsv'): Table {
  const delimiter = format === 'tsv' ? '\t' : findDelimiter(text)
  let columns: readonly string[] | null = null
  const rows: string[][] = []
  let malformed = 0
  parseRows(text, delimiter, (fields, sound) => {
    // A blank line is no row.
    if (fields.length === 1 && fields[0]?.trim() === '') return
    if (columns === null) columns = nameColumns(fields)
    else if (sound && fields.length === columns.length) rows.push(fields)
    else malformed++
  })
  return { columns: columns ?? [], rows, malformed }
}

/** The one that stands most often in the first line, outside of quotes. */
function findDelimiter(text: string): Delimiter {
  const counts = new Map<string, number>()
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '\n' || character === '\r') break
    else counts.set(character, (counts.get(character) ?? 0) + 1)
  }
  const count = (delimiter: Delimiter) => counts.get(delimiter) ?? 0
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best))
}

function nameColumns(fields: readonly string[]): string[] {
  if (fields.length > MAX_COLUMNS) {
    throw new SoftpostError(
      'file-format',
      `the first row has ${fields.length} columns, more than ${MAX_COLUMNS}; does it name the columns?`,
    )
  }
  const used = new Set<string>()
  return fields.map((field, index) => {
    const name = field.trim() === '' ? `column ${index + 1}` : field.trim()
    const unique = used.has(name) ? `${name} (${index + 1})` : name
    used.add(unique)
    return unique
  })
}

/** Calls `onRow` with each row's fields, and whether its quotes are sound. */
function parseRows(text: string, delimiter: Delimiter, onRow: (fields: string[], sound: boolean) => void): void {
  const isEnd = (at: number) => {
    const character = text.charAt(at)
    return character === delimiter || character === '\n' || character === '\r' || character === ''
  }
  const findEnd = (from: number) => {
    let at = from
    while (!isEnd(at)) at++
    return at
  }
  let at = 0
  while (at < text.length) {
    const rowStart = at
    const fields: string[] = []
    let sound = true
    for (;;) {
      if (text.charAt(at) === '"') {
        const { value, end } = readQuoted(text, at, rowStart)
        fields.push(value)
        at = findEnd(end)
        if (text.slice(end, at).trim() !== '') sound = false
      } else {
        const end = findEnd(at)
        fields.push(text.slice(at, end))
        at = end
      }
      if (text.charAt(at) !== delimiter) break
      at++
    }
    at += text.startsWith('\r\n', at) ? 2 : 1
    onRow(fields, sound)
  }
}

/** The quoted field that opens at `open`; `end` is the position after its closing quote. */
function readQuoted(text: string, open: number, rowStart: number): { value: string; end: number } {
  const parts: string[] = []
  let from = open + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) {
      const line = text.slice(0, rowStart).split(/\r\n|\r|\n/).length
      throw new SoftpostError(
        'file-format',
        `a quote opens in the row of line ${line} and is never closed; close it, or write it twice inside quotes`,
        { data: { line } },
      )
    }
    parts.push(text.slice(from, quote))
    if (text.charAt(quote + 1) !== '"') return { value: parts.join('"'), end: quote + 1 }
    from = quote + 2
  }
}
