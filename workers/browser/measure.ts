/** How long a step takes on this device, from dummy rows as long as the file's. */
import type { Engine } from '../pool/types.ts'
import type { Contribution } from '../pool/types.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import { evaluationSteps } from '../tune/schedule.ts'
import type { TuningRows } from '../tune/types.ts'

/** Enough rows that few of a microbatch's places are dummies, as in a run; a second or so on a slow device. */
const ROWS = 128

/** The first passes build kernels and are compiled while they run: passes are made for so long, and the fastest counts. */
const MEASURE_MS = 3_000

/** Time of a held-out row against that of one trained on: no way back. */
const FORWARD_SHARE = 0.4

export type MeasureRequest = {
  readonly engine: Engine
  readonly labelTokens: readonly (readonly number[])[]
  readonly rows: TuningRows
  readonly prompt: Float32Array<ArrayBuffer>
  readonly promptLength: number
  readonly contribution: Contribution
}

export async function measureSecondsPerExample(request: MeasureRequest): Promise<number> {
  const { engine, rows, ...batch } = request
  const { length } = rows.encoded
  const examples = Array.from({ length: Math.min(ROWS, length) }, (_, index) => {
    const size = rows.encoded[Math.floor((index * length) / Math.min(ROWS, length))]?.ids.length ?? 1
    return { ids: new Int32Array(size), read: [size - 1], cut: false }
  })
  const run = async () => await engine.tune({ slot: 'student', ...batch, examples, labels: examples.map(() => 0) })
  const began = performance.now()
  let fastest = Infinity
  do {
    const started = performance.now()
    await run()
    fastest = Math.min(fastest, performance.now() - started)
  } while (performance.now() - began < MEASURE_MS)
  return fastest / 1000 / examples.length
}

/** Seconds of a step of the plan, and of the whole run with its looks at the held-out rows. */
export function estimate(
  plan: TuningPlan,
  { secondsPerExample, heldOutRows }: { readonly secondsPerExample: number; readonly heldOutRows: number },
): { readonly secondsPerStep: number; readonly secondsTotal: number } {
  const secondsPerStep = plan.batchSize * secondsPerExample
  const looks = evaluationSteps(plan).size * heldOutRows * secondsPerExample * FORWARD_SHARE
  return { secondsPerStep, secondsTotal: plan.steps * secondsPerStep + looks }
}

/** A crash or a pause costs the rest of a block, a checkpoint some milliseconds: blocks of about this long. */
const BLOCK_SECONDS = 2
const LONGEST_BLOCK = 25

export function stepsPerBlock(secondsPerStep: number): number {
  return Math.min(LONGEST_BLOCK, Math.max(1, Math.round(BLOCK_SECONDS / secondsPerStep)))
}
