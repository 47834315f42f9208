/** How long a step takes on this device, from dummy rows as long as the file's. */
import type { Contribution, Engine } from '../pool/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { ModelReport, PlanReport } from '../protocol/tuner.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'
import type { Encoded } from '../task/types.ts'
import { DEFAULTS } from '../tune/plan.ts'
import { evaluationSteps } from '../tune/schedule.ts'
import type { TuningRows } from '../tune/types.ts'
import type { Units } from '../tune/grouping.ts'

/** The first pass has so many rows: a slow GPU builds its kernels and computes for half a minute as it is. */
const FEWEST_ROWS = 16
/** Enough rows that few of a microbatch's places are dummies, as in a run. */
const MOST_ROWS = 128

/** Passes are made for so long: the first ones build kernels and are compiled meanwhile, the last have the most rows. */
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
  /** Asked after each pass: whether nobody who wants to compute is waiting. */
  readonly mayGoOn: () => boolean
}

/** The fastest pass counts. Errors: `busy` where somebody else is to compute. */
export async function measureSecondsPerExample(request: MeasureRequest): Promise<number> {
  const { engine, rows, measureMs, mayGoOn, ...batch } = request
  const most = Math.min(MOST_ROWS, rows.encoded.length)
  const began = performance.now()
  let fastest = Infinity
  let count = Math.min(FEWEST_ROWS, most)
  do {
    const examples = dummies(rows, count)
    const started = performance.now()
    await engine.tune({ slot: 'student', ...batch, examples, labels: examples.map(() => 0) })
    if (!mayGoOn()) throw new SoftpostError('busy', 'a run began before the device was measured; its own pace tells')
    fastest = Math.min(fastest, (performance.now() - started) / count)
    // Short ones to begin with: somebody who starts a run at once waits for the one that is under way.
    if (performance.now() - began > measureMs / 3) count = Math.min(2 * count, most)
  } while (performance.now() - began < measureMs)
  return fastest / 1000
}

/** For so long before anything is known of a file. */
export const WARM_MS = 600
const WARMING_TOKENS = 12

/** What a pass is made on before there is a file: a run as the defaults make it, on made-up rows. */
export function warmingRows({
  width,
}: ModelReport): Pick<MeasureRequest, 'labelTokens' | 'rows' | 'prompt' | 'promptLength' | 'contribution'> {
  const { promptLength } = DEFAULTS.private
  const row: Encoded = { ids: new Int32Array(WARMING_TOKENS), read: [WARMING_TOKENS - 1], cut: false }
  return {
    labelTokens: [[0], [1]],
    rows: {
      encoded: Array.from({ length: FEWEST_ROWS }, () => row),
      labels: new Int32Array(FEWEST_ROWS),
      heldOut: new Uint8Array(FEWEST_ROWS),
    },
    prompt: new Float32Array(promptLength * width),
    promptLength,
    contribution: { kind: 'clipped', clipNorm: DEFAULTS.clipNorm },
  }
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
): NonNullable<PlanReport['seconds']> {
  const rowsPerUnit = rowsOf(units, units.train) / units.train.length
  const perStep = plan.batchSize * rowsPerUnit * secondsPerExample
  const looks = evaluationSteps(plan).size * rowsOf(units, units.heldOut) * secondsPerExample * FORWARD_SHARE
  return { perStep, total: plan.steps * perStep + looks }
}

function rowsOf(units: Units, some: Uint32Array): number {
  return some.reduce((sum, unit) => sum + units.rowsOf(unit).length, 0)
}

/** A crash or a pause costs the rest of a block, a checkpoint some milliseconds: blocks of about this long. */
const BLOCK_SECONDS = 2
const LONGEST_BLOCK = 25
/** Where the time of a step is not known. */
const CAREFUL_BLOCK = 2

export function stepsPerBlock(seconds: PlanReport['seconds']): number {
  if (seconds === null) return CAREFUL_BLOCK
  return Math.min(LONGEST_BLOCK, Math.max(1, Math.round(BLOCK_SECONDS / seconds.perStep)))
}
