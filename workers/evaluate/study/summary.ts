/** A table's cells as rows: repetitions of one setting together. */
import { cellsOf, cellText, type Cell } from './cells.ts'
import { METHODS, type StudyPlan, type StudyTable } from './plan.ts'
import type { CellResult } from './types.ts'

export type Spread = {
  readonly mean: number
  /** Sample standard deviation; null for a single value. */
  readonly deviation: number | null
}

export type SummaryRow = Omit<Cell, 'seed'> & {
  readonly runs: number
  readonly n: number
  readonly accuracy: Spread | null
  readonly macroF1: Spread | null
  readonly exactMatch: Spread | null
  readonly wordF1: Spread | null
  readonly auc: Spread | null
  readonly tprAt1: Spread | null
  readonly epsilon: Cell['epsilon']
  readonly alpha: Spread | null
  readonly publicLoss: Spread | null
  /** Mean seconds and operations of tuning and of the transfer. */
  readonly tuneSeconds: number | null
  readonly transferSeconds: number | null
  readonly tuneFlops: number | null
  readonly transferFlops: number | null
}

/** Only of cells that are there; a table may be half done. */
export function summarise(plan: StudyPlan, table: StudyTable, results: ReadonlyMap<string, CellResult>): SummaryRow[] {
  const found = cellsOf(plan, table).flatMap((cell) => results.get(cellText(cell)) ?? [])
  const groups = Map.groupBy(found, ({ cell: { seed: _seed, ...rest } }) => JSON.stringify(rest))
  return [...groups.values()].flatMap(rowOf).toSorted((a, b) => order(a) - order(b))
}

function order({ method }: SummaryRow): number {
  return METHODS.indexOf(method)
}

function rowOf(results: readonly CellResult[]): SummaryRow[] {
  const [first] = results
  if (!first) return []
  const { seed: _seed, ...cell } = first.cell
  const spread = (pick: (result: CellResult) => number | null | undefined): Spread | null =>
    spreadOf(results.flatMap((result) => pick(result) ?? []))
  return [
    {
      ...cell,
      runs: results.length,
      n: first.n,
      accuracy: spread(({ accuracy }) => accuracy),
      macroF1: spread(({ macroF1 }) => macroF1),
      exactMatch: spread(({ texts }) => texts?.exactMatch),
      wordF1: spread(({ texts }) => texts?.f1),
      auc: spread(({ attack }) => attack?.auc),
      tprAt1: spread(({ attack }) => attack?.tprAt1),
      alpha: spread(({ alpha }) => alpha),
      publicLoss: spread(({ publicLoss }) => publicLoss),
      tuneSeconds: spread(({ cost }) => cost.tune?.seconds)?.mean ?? null,
      transferSeconds: spread(({ cost }) => cost.transfer?.seconds)?.mean ?? null,
      tuneFlops: spread(({ cost }) => cost.tune?.flops)?.mean ?? null,
      transferFlops: spread(({ cost }) => cost.transfer?.flops)?.mean ?? null,
    },
  ]
}

function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length === 1) return { mean, deviation: null }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) }
}
