/** What of a file's report is worth a word. Pure. */
import type { DataReport, Repair } from '../../../workers/protocol/tuner.ts'

/** Below this a class is lost in the noise, however the rest is done. */
const FEW_ROWS = 10

export function rareLabels({ labels }: Pick<DataReport, 'labels'>): readonly string[] {
  return labels.length < 2 ? [] : labels.filter(({ rows }) => rows < FEW_ROWS).map(({ label }) => label)
}

/** Repairs that would change this file. */
export function usefulRepairs({ problems }: Pick<DataReport, 'problems'>): readonly Repair[] {
  const { duplicates, nearDuplicates, contradictions, longRows } = problems
  return [
    ...(duplicates > 0 ? (['duplicates'] as const) : []),
    ...(nearDuplicates > 0 ? (['near-duplicates'] as const) : []),
    ...(contradictions.texts > 0 ? (['contradictions'] as const) : []),
    ...(longRows > 0 ? (['long'] as const) : []),
  ]
}
