/** A table's accuracies (of answers that are texts exact matches, of an attack areas) as bars, in a file that any browser shows. */
import { isTuned } from './cells.ts'
import { epsilonWords, methodName } from './markdown.ts'
import type { StudyTable } from './plan.ts'
import type { SummaryRow } from './summary.ts'

const BAR = 22
const LABELS = 430
const PLOT = 420
const MARGIN = 16

export function tableSvg({ title }: StudyTable, rows: readonly SummaryRow[]): string {
  const width = LABELS + PLOT + 4 * MARGIN
  const height = 3 * MARGIN + BAR * (rows.length + 1)
  const bars = rows.flatMap((row, index) => bar(row, 2 * MARGIN + BAR * (index + 1)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="${1.5 * MARGIN}" font-size="15" font-weight="600" fill="#1d2b2f">${escaped(title)}</text>`,
    ...bars,
    '</svg>',
    '',
  ].join('\n')
}

function bar(row: SummaryRow, top: number): string[] {
  const value = row.accuracy ?? row.exactMatch ?? row.auc
  if (value === null) return []
  const from = LABELS + MARGIN
  const length = Math.max(1, PLOT * value.mean)
  const middle = top + BAR / 2
  const whisker =
    value.deviation === null
      ? []
      : [
          `<line x1="${from + PLOT * (value.mean - value.deviation)}" x2="${from + PLOT * (value.mean + value.deviation)}" y1="${middle}" y2="${middle}" stroke="#1d2b2f"/>`,
        ]
  return [
    `<text x="${from - 8}" y="${middle + 4}" text-anchor="end" fill="#1d2b2f">${escaped(label(row))}</text>`,
    `<rect x="${from}" y="${top + 3}" width="${length}" height="${BAR - 6}" rx="2" fill="#2a7f78"/>`,
    ...whisker,
    `<text x="${from + length + 6}" y="${middle + 4}" fill="#1d2b2f">${value.mean.toFixed(3)}</text>`,
  ]
}

function label({ method, task, student, publicSet, epsilon, settings }: SummaryRow): string {
  const numbers = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
  const budget = isTuned(method) ? [`ε ${epsilonWords(epsilon)}`] : []
  return [task, methodName(method), student, publicSet, ...budget, ...numbers].filter(Boolean).join(' · ').slice(0, 72)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
