/** Numbers and times in words that a person reads at a glance. */
import { inLanguage, LANGUAGE } from './language.ts'

const whole = new Intl.NumberFormat(LANGUAGE)

/** Between a number and its unit, which stand on one line. */
const SPACE = '\u00A0'

/** With the sign that the language puts between a number and its fraction. */
export const withLocalPoint = (digits: string) => (LANGUAGE === 'de' ? digits.replace('.', ',') : digits)

export function formatCount(value: number): string {
  return whole.format(value)
}

/** Things that are counted, one and many. */
const NOUNS = {
  column: inLanguage({ one: 'column', many: 'columns' }, { one: 'Spalte', many: 'Spalten' }),
  label: inLanguage({ one: 'label', many: 'labels' }, { one: 'Klasse', many: 'Klassen' }),
  layer: inLanguage({ one: 'layer', many: 'layers' }, { one: 'Schicht', many: 'Schichten' }),
  model: inLanguage({ one: 'model', many: 'models' }, { one: 'Modell', many: 'Modelle' }),
  request: inLanguage({ one: 'request', many: 'requests' }, { one: 'Anfrage', many: 'Anfragen' }),
  row: inLanguage({ one: 'row', many: 'rows' }, { one: 'Zeile', many: 'Zeilen' }),
  run: inLanguage({ one: 'run', many: 'runs' }, { one: 'Lauf', many: 'Läufe' }),
  step: inLanguage({ one: 'step', many: 'steps' }, { one: 'Schritt', many: 'Schritte' }),
  text: inLanguage({ one: 'text', many: 'texts' }, { one: 'Text', many: 'Texte' }),
} as const

export function formatPlural(count: number, noun: keyof typeof NOUNS): string {
  const { one, many } = NOUNS[noun]
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const UNITS = [inLanguage('bytes', 'Bytes'), 'KB', 'MB', 'GB'] as const

export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${withLocalPoint(value.toFixed(digits))}${SPACE}${UNITS[unit] ?? UNITS[0]}`
}

/** A span of time, rounded to what one would say; never negative. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds))
  if (total < 60) return `${total} s`
  const minutes = Math.floor(total / 60)
  if (minutes < 60) return total % 60 === 0 ? `${minutes} min` : `${minutes} min ${total % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

/** A short span as one would time it by hand. */
export function formatSeconds(seconds: number): string {
  return seconds < 0.1
    ? `${Math.max(1, Math.round(seconds * 1000))} ms`
    : `${withLocalPoint(seconds.toPrecision(seconds < 10 ? 2 : 3))} s`
}

export function formatPercent(share: number, digits = 0): string {
  const figure = formatDecimal(share * 100, digits)
  return LANGUAGE === 'de' ? `${figure}${SPACE}%` : `${figure}%`
}

export function formatDecimal(value: number, digits: number): string {
  return withLocalPoint(value.toFixed(digits))
}

/** Three significant digits without trailing zeros. */
export function formatFigure(value: number): string {
  return withLocalPoint(String(Number(value.toPrecision(3))))
}

/** Small numbers such as δ as powers of ten: 1e-5 becomes 10⁻⁵. */
export function formatTiny(value: number): string {
  const [mantissa = '1', exponent = '0'] = value.toExponential().split('e')
  const power = `10${superscript(Number(exponent))}`
  return mantissa === '1' ? power : `${Number(Number(mantissa).toPrecision(3))} × ${power}`
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function superscript(value: number): string {
  const digits = Array.from(String(Math.abs(value)), (digit) => SUPERSCRIPTS[Number(digit)] ?? '').join('')
  return value < 0 ? `⁻${digits}` : digits
}
