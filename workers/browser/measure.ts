/** How long a step takes on this device, from dummy rows as long as the file's. */
import type { Engine } from '../pool/types.ts'
import type { Contribution } from '../pool/types.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'
import type { Encoded } from '../task/types.ts'
import { evaluationSteps } from '../tune/schedule.ts'
import type { TuningRows } from '../tune/types.ts'
import type { Units } from '../tune/grouping.ts'

/** The first pass has so many rows: a slow GPU builds its kernels and computes for half a minute as it is. */
const FEWEST_ROWS = 16
/** Enough rows that few of a microbatch's places are dummies, as in a run. */
const MOST_ROWS = 128

/** Passes are made for so long, each of up to twice the rows: the first ones build kernels and are compiled meanwhile. */
export const MEASURE_MS = 3_000

/** Time of a held-out row against that of one trained on: no way back. */
const FORWARD_SHARE = 0.4

export type MeasureRequest = {
  readonly engine: Engine
  readonly labelTokens: LabelTokens | null
  readonly rows: TuningRows
  readonly prompt: Float32Array<ArrayBuffer>
  readonly promptLength: number
  readonly contribution: Contribution
  /** For how long passes are made; one at the least. */
  readonly measureMs: number
}

/** The fastest pass counts. */
export async function measureSecondsPerExample(request: MeasureRequest): Promise<number> {
  const { engine, rows, measureMs, ...batch } = request
  const most = Math.min(MOST_ROWS, rows.encoded.length)
  const began = performance.now()
  let fastest = Infinity
  let count = Math.min(FEWEST_ROWS, most)
  do {
    const examples = dummies(rows, count)
    const started = performance.now()
    await engine.tune({ slot: 'student', ...batch, examples, labels: examples.map(() => 0) })
    fastest = Math.min(fastest, (performance.now() - started) / count)
    count = Math.min(2 * count, most)
  } while (performance.now() - began < measureMs)
  return fastest / 1000
}

/** Texts of one token, as long as `count` of the file's rows from its first to its last. */
function dummies({ encoded }: TuningRows, count: number): Encoded[] {
  return Array.from({ length: count }, (_, index) => {
    const row = encoded[Math.floor((index * encoded.length) / count)]
    const size = row?.ids.length ?? 1
    const answer = row?.targets === undefined ? {} : { targets: row.targets.map(() => 0) }
    return { ids: new Int32Array(size), read: row?.read ?? [size - 1], ...answer, cut: false }
  })
}

/** Seconds of a step of the plan, and of the whole run with its looks at the held-out rows. */
export function estimate(
  plan: TuningPlan,
  secondsPerExample: number,
  units: Units,
): { readonly secondsPerStep: number; readonly secondsTotal: number } {
  const rowsPerUnit = rowsOf(units, units.train) / units.train.length
  const secondsPerStep = plan.batchSize * rowsPerUnit * secondsPerExample
  const looks = evaluationSteps(plan).size * rowsOf(units, units.heldOut) * secondsPerExample * FORWARD_SHARE
  return { secondsPerStep, secondsTotal: plan.steps * secondsPerStep + looks }
}

function rowsOf(units: Units, some: Uint32Array): number {
  return some.reduce((sum, unit) => sum + units.rowsOf(unit).length, 0)
}

/** A crash or a pause costs the rest of a block, a checkpoint some milliseconds: blocks of about this long. */
const BLOCK_SECONDS = 2
const LONGEST_BLOCK = 25

export function stepsPerBlock(secondsPerStep: number): number {
  return Math.min(LONGEST_BLOCK, Math.max(1, Math.round(BLOCK_SECONDS / secondsPerStep)))
}
