/**
 * What protection costs in accuracy, as a forecast for a plan. Pure. Measured once on public data (docs/performance.md):
 * the sample's task with the demo student and the default plan, on all rows and on every tenth, at several ε. What
 * decides is how long a step's noise is beside the longest mean that its rows can make (`noiseRatio`), and that depends
 * on σ, the batch q N and the prompt alone.
 */

/** Share of what tuning without noise gains over no prompt that is left, by noise ratio; from little noise to much. */
const MEASURED = [
  { ratio: 0, kept: 1 },
  { ratio: 0.05, kept: 0.71 },
  { ratio: 0.165, kept: 0.65 },
  { ratio: 0.267, kept: 0.63 },
] as const

/**
 * Between measured points along a line; beyond the last one less and less, as the ratio's inverse square, since a step's
 * noise then outweighs all that its rows say.
 * @param ratio of `noiseRatio`, at least 0.
 */
export function keptGain(ratio: number): number {
  const after = MEASURED.findIndex((point) => point.ratio >= ratio)
  const last = MEASURED[MEASURED.length - 1]
  if (after < 0) return last === undefined ? 0 : last.kept * (last.ratio / ratio) ** 2
  const [low, high] = [MEASURED[Math.max(0, after - 1)], MEASURED[after]]
  if (low === undefined || high === undefined || high.ratio === low.ratio) return high?.kept ?? 0
  return low.kept + ((high.kept - low.kept) * (ratio - low.ratio)) / (high.ratio - low.ratio)
}
