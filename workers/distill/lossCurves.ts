/** A distillation's losses over its steps as a picture that any browser shows. */
import type { DistillRecord } from './run.ts'

const WIDTH = 720
const PANEL = 130
const LEFT = 64
const MARGIN = 16

type Point = { readonly step: number; readonly value: number }
type Panel = { readonly title: string; readonly points: readonly Point[] }

/** Terms that were switched off, and measurements that were not made, have no panel. */
export function lossCurvesSvg(records: readonly DistillRecord[]): string {
  const panels = panelsOf(records)
  const last = Math.max(1, ...records.map(({ step }) => step))
  const height = 2 * MARGIN + PANEL * panels.length
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>Losses of a distillation of ${last} steps</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...panels.flatMap((panel, index) => drawPanel(panel, { top: MARGIN + PANEL * index, last })),
    '</svg>',
    '',
  ].join('\n')
}

function panelsOf(records: readonly DistillRecord[]): Panel[] {
  const steps = records.flatMap((record) => ('loss' in record ? [record] : []))
  const term = (name: 'ce' | 'lm' | 'cos'): Point[] =>
    steps.map((record) => ({ step: record.step, value: record[name] }))
  const perplexity = records.flatMap((record) =>
    'perplexity' in record ? [{ step: record.step, value: record.perplexity }] : [],
  )
  return [
    { title: 'ce: divergence from the teacher’s next token, mean of 20 steps', points: smooth(term('ce')) },
    { title: 'lm: cross-entropy of the text’s next token, mean of 20 steps', points: smooth(term('lm')) },
    { title: 'cos: distance of the last hidden states, mean of 20 steps', points: smooth(term('cos')) },
    { title: 'perplexity on texts that were kept apart', points: perplexity },
  ].filter(({ points }) => points.some(({ value }) => value > 0))
}

const WINDOW = 20

/** Each point the mean of itself and of those before it, as far as a window reaches. */
function smooth(points: readonly Point[]): Point[] {
  return points.map(({ step }, at) => {
    const window = points.slice(Math.max(0, at - WINDOW + 1), at + 1)
    return { step, value: window.reduce((sum, { value }) => sum + value, 0) / window.length }
  })
}

function drawPanel({ title, points }: Panel, { top, last }: { readonly top: number; readonly last: number }): string[] {
  const values = points.map(({ value }) => value)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const [from, to] = [top + 2 * MARGIN, top + PANEL - MARGIN]
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - MARGIN) * step) / last
  const y = (value: number): number => to - ((to - from) * (value - least)) / (most - least || 1)
  const line = points.map(({ step, value }) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  const label = (value: number): string =>
    `<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end" fill="#1d2b2f">${value.toPrecision(3)}</text>`
  return [
    `<text x="${LEFT}" y="${top + MARGIN + 6}" fill="#1d2b2f">${title}</text>`,
    `<path d="M${LEFT} ${from}V${to}H${WIDTH - MARGIN}" fill="none" stroke="#9fb0b3"/>`,
    label(least),
    label(most),
    `<text x="${WIDTH - MARGIN}" y="${to + 14}" text-anchor="end" fill="#1d2b2f">step ${last}</text>`,
    `<polyline points="${line}" fill="none" stroke="#2a7f78" stroke-width="1.5"/>`,
  ]
}
