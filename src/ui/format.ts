/** Numbers and times in words that a person reads at a glance. */

const whole = new Intl.NumberFormat('en')

export function formatCount(value: number): string {
  return whole.format(value)
}

export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const

export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${UNITS[unit] ?? 'bytes'}`
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

export function formatPercent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)}%`
}

/** Three significant digits without trailing zeros. */
export function formatFigure(value: number): string {
  return String(Number(value.toPrecision(3)))
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
