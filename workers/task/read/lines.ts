/** Formats of one example a line: JSON objects, or plain texts. */
import { MAX_COLUMNS, type Table } from './table.ts'

/** One JSON object a line; columns are the names that occur. A line that is no object is a malformed row. */
export function readJsonLines(text: string): Table {
  const places = new Map<string, number>()
  const rows: (string | null)[][] = []
  let malformed = 0
  forEachLine(text, (line) => {
    if (line.trim() === '') return
    const record = parseObject(line)
    if (record === null) {
      malformed++
      return
    }
    const row: (string | null)[] = []
    for (const [name, value] of Object.entries(record)) {
      const place = places.get(name) ?? places.size
      if (place >= MAX_COLUMNS) continue
      places.set(name, place)
      while (row.length < place) row.push(null)
      row[place] = toCell(value)
    }
    rows.push(row)
  })
  return { columns: [...places.keys()], rows, malformed }
}

/** One example a line, in a column called `text`. */
export function readTextLines(text: string): Table {
  const rows: string[][] = []
  forEachLine(text, (line) => rows.push([line]))
  // What follows the last line break is a line only if something stands there.
  if (rows.at(-1)?.[0] === '') rows.pop()
  return { columns: ['text'], rows, malformed: 0 }
}

function forEachLine(text: string, onLine: (line: string) => void): void {
  let from = 0
  while (from <= text.length) {
    const next = text.indexOf('\n', from)
    const end = next < 0 ? text.length : next
    onLine(text.slice(from, text.charAt(end - 1) === '\r' && end > from ? end - 1 : end))
    from = end + 1
  }
}

function parseObject(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    // The caller counts it: one broken line must not cost the others.
    return null
  }
}

/** Labels are often numbers; anything nested is no text. */
function toCell(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}
