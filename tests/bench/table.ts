/** The measurements as text, each beside the autodiff variant of its case. */
import type { Measurement } from './measure.ts'

export function table(measurements: readonly Measurement[]): string {
  const head = ['case', 'model', 'variant', 'backend', 'examples/s', 'spread', 'MiB', 'calls/layer', 'first s', 'gain']
  const rows = measurements.map((one) => [
    one.case,
    one.model,
    one.variant,
    one.backend,
    one.examplesPerSecond.toPrecision(3),
    `${Math.round(one.spread * 100)} %`,
    (one.peakBytes / 2 ** 20).toFixed(0),
    one.dispatchesPerLayer.toFixed(1),
    one.firstSeconds.toFixed(1),
    gain(one, measurements),
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return [head, ...rows].map((cells) => `${line(cells).trimEnd()}\n`).join('')
}

/** Speed and memory against autodiff on the same backend. */
function gain(one: Measurement, all: readonly Measurement[]): string {
  const first = all.find(
    (other) =>
      other.variant === 'autodiff' &&
      other.case === one.case &&
      other.model === one.model &&
      other.backend === one.backend,
  )
  if (first === undefined || first === one) return ''
  const speed = one.examplesPerSecond / first.examplesPerSecond
  return `${speed.toFixed(1)}x, memory ${(one.peakBytes / first.peakBytes).toFixed(2)}`
}
