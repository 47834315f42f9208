/** The drawing part of a chart, in a chunk of its own since recharts is heavy. */
import { createContext, memo, use, useId } from 'react'
import {
  CartesianGrid,
  Curve,
  LineChart,
  ReferenceLine,
  ResponsiveContainer,
  usePlotArea,
  useXAxisScale,
  useYAxisScale,
  XAxis,
  YAxis,
} from 'recharts'
import { type ChartSeries, ticksTo } from './series.ts'
import { useTurns } from './turns.ts'

export type LinesProps = {
  readonly series: readonly ChartSeries[]
  readonly xMax: number
  /** Highest value that must be seen; the axis begins at 0. What noise carries beyond it is cut off. */
  readonly yMax: number
  readonly formatY: (value: number) => string
  readonly limit?: { readonly y: number; readonly label: string } | undefined
}

const TICK = { fill: 'var(--ink-soft)', fontSize: 12 } as const
const MARGIN = { top: 12, right: 12, bottom: 0, left: 0 } as const

/** Goes around the frame, so that new points draw two paths and nothing else. */
const SeriesContext = createContext<readonly ChartSeries[]>([])

export function Lines({ series, xMax, yMax, formatY, limit }: LinesProps) {
  return (
    <SeriesContext value={series}>
      <Frame xMax={xMax} yTop={ticksTo(yMax).at(-1) ?? yMax} formatY={formatY} limitY={limit?.y} limit={limit?.label} />
    </SeriesContext>
  )
}

type FrameProps = {
  readonly xMax: number
  /** A value that `ticksTo` ends at. */
  readonly yTop: number
  readonly formatY: (value: number) => string
  readonly limitY: number | undefined
  readonly limit: string | undefined
}

/**
 * Axes and grid. recharts lays them out in one piece of some 10 ms, however little has changed, so that this is only
 * done when an axis changes. It is given no data, and takes its ends from the axes alone as these may be overflown.
 */
const Frame = memo(function Frame({ xMax, yTop, formatY, limitY, limit }: FrameProps) {
  const parts = [
    <XAxis
      key="x"
      type="number"
      dataKey="x"
      domain={[0, xMax]}
      allowDataOverflow
      ticks={[0, Math.round(xMax / 2), xMax]}
      interval={0}
      tick={TICK}
      tickLine={false}
      stroke="var(--line-strong)"
    />,
    <YAxis
      key="y"
      domain={[0, yTop]}
      allowDataOverflow
      ticks={[...ticksTo(yTop)]}
      interval={0}
      tick={TICK}
      tickLine={false}
      axisLine={false}
      width={48}
      tickFormatter={formatY}
    />,
    <CartesianGrid key="grid" stroke="var(--chart-grid)" vertical={false} />,
    limitY === undefined ? null : (
      <ReferenceLine
        key="limit"
        y={limitY}
        stroke="var(--chart-3)"
        strokeDasharray="5 4"
        label={{ value: limit, position: 'insideBottomLeft', fill: 'var(--seal)', fontSize: 12 }}
      />
    ),
    <Curves key="curves" />,
  ]
  // One more each turn: all at once hold the page for 90 ms the first time.
  const turns = useTurns(1 + parts.length)
  return turns === 0 ? null : (
    <ResponsiveContainer width="100%" height={190}>
      <LineChart margin={MARGIN} accessibilityLayer={false}>
        {parts.slice(0, turns - 1)}
      </LineChart>
    </ResponsiveContainer>
  )
})

/** The series, on the frame's scales and cut off at its edges. */
function Curves() {
  const series = use(SeriesContext)
  const [x, y, area] = [useXAxisScale(), useYAxisScale(), usePlotArea()]
  const clipId = useId()
  if (x === undefined || y === undefined || area === undefined) return null
  return (
    <>
      <clipPath id={clipId}>
        <rect x={area.x} y={area.y} width={area.width} height={area.height} />
      </clipPath>
      <g clipPath={`url(#${clipId})`}>
        {series.map(({ name, color, weight, points }) => (
          <Curve
            key={name}
            points={points.map((point) => ({ x: x(point.x) ?? null, y: y(point.y) ?? null }))}
            fill="none"
            stroke={color}
            strokeWidth={weight === 'thick' ? 2.5 : 1}
            strokeOpacity={weight === 'thick' ? 1 : 0.4}
          />
        ))}
      </g>
    </>
  )
}
