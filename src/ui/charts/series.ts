/** Points for a chart, few enough to draw and to read. */

export type ChartPoint = { readonly x: number; readonly y: number }

export type ChartSeries = {
  readonly name: string
  /** A colour of the theme, as `var(--chart-1)`. */
  readonly color: string
  /** Thin lines stand behind; they are what a thick one sums up. */
  readonly weight: 'thin' | 'thick'
  readonly points: readonly ChartPoint[]
}

/** More points than this cost time to draw and show nothing more. */
const MAX_POINTS = 500

/** Means over runs of neighbours, so that no point is picked for being high or low; the last point stays last. */
export function downsample(points: readonly ChartPoint[], limit = MAX_POINTS): readonly ChartPoint[] {
  if (points.length <= limit) return points
  const size = points.length / limit
  return Array.from({ length: limit }, (_, bucket) => {
    const start = Math.floor(bucket * size)
    const end = Math.max(start + 1, Math.floor((bucket + 1) * size))
    const members = points.slice(start, end)
    const mean = members.reduce((sum, point) => sum + point.y, 0) / members.length
    return { x: members.at(-1)?.x ?? 0, y: mean }
  })
}

/**
 * A running mean of the last `span` points: noised curves jump from step to step, and their trend is what is asked for.
 * A function of covered figures alone, so it is covered as well.
 */
export function smooth(points: readonly ChartPoint[], span: number): readonly ChartPoint[] {
  let sum = 0
  return points.map((point, index) => {
    sum += point.y
    const leaving = points[index - span]
    if (leaving !== undefined) sum -= leaving.y
    return { x: point.x, y: sum / Math.min(index + 1, span) }
  })
}

/** Round values from 0 to at least `max`, five steps at most. */
export function ticksTo(max: number): readonly number[] {
  const least = max / 5
  const power = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= least * (1 - 1e-9)) ?? least
  const count = Math.ceil(max / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)))
}

/** One row per x of any series, for recharts and for the table. */
export function mergeSeries(
  series: readonly ChartSeries[],
): { readonly x: number; readonly values: (number | null)[] }[] {
  const rows = new Map<number, (number | null)[]>()
  for (const [place, { points }] of series.entries()) {
    for (const { x, y } of points) {
      const row = rows.get(x) ?? series.map(() => null)
      row[place] = y
      rows.set(x, row)
    }
  }
  return [...rows].sort(([a], [b]) => a - b).map(([x, values]) => ({ x, values }))
}
