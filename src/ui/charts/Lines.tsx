/** The drawing part of a chart, in a chunk of its own since recharts is heavy. */
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from 'recharts'
import { type ChartSeries, mergeSeries, ticksTo } from './series.ts'

export type LinesProps = {
  readonly series: readonly ChartSeries[]
  readonly xMax: number
  /** Highest value that must be seen; the axis begins at 0. What noise carries beyond it is cut off. */
  readonly yMax: number
  readonly formatY: (value: number) => string
  readonly limit?: { readonly y: number; readonly label: string } | undefined
}

const TICK = { fill: 'var(--ink-soft)', fontSize: 12 } as const

export function Lines({ series, xMax, yMax, formatY, limit }: LinesProps) {
  const rows = mergeSeries(series)
  const ticks = ticksTo(yMax)
  return (
    <ResponsiveContainer width="100%" height={190}>
      <LineChart data={rows} margin={{ top: 12, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
        <CartesianGrid stroke="var(--chart-grid)" vertical={false} />
        <XAxis
          dataKey="x"
          type="number"
          domain={[0, xMax]}
          ticks={[0, Math.round(xMax / 2), xMax]}
          tick={TICK}
          tickLine={false}
          stroke="var(--line-strong)"
          minTickGap={32}
        />
        <YAxis
          domain={[0, ticks.at(-1) ?? yMax]}
          allowDataOverflow
          ticks={[...ticks]}
          interval={0}
          tick={TICK}
          tickLine={false}
          axisLine={false}
          width={44}
          tickFormatter={formatY}
        />
        {limit === undefined ? null : (
          <ReferenceLine
            y={limit.y}
            stroke="var(--chart-3)"
            strokeDasharray="5 4"
            label={{ value: limit.label, position: 'insideBottomLeft', fill: 'var(--seal)', fontSize: 12 }}
          />
        )}
        {series.map(({ name, color, weight }, place) => (
          <Line
            key={name}
            name={name}
            dataKey={(row: (typeof rows)[number]) => row.values[place]}
            stroke={color}
            strokeWidth={weight === 'thick' ? 2.5 : 1}
            strokeOpacity={weight === 'thick' ? 1 : 0.4}
            dot={false}
            connectNulls
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  )
}
