/**
 * The covered curves beside the exact ones, on a public set, and what they cost. Minutes, so behind LONG=1; its figures
 * go to docs/performance.md.
 */
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHostEngine } from '../../workers/host/openEngine.ts'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { loadTokenizer, type Tokenizer } from '../../workers/model/tokenizer.ts'
import type { TuningEngine } from '../../workers/pool/recovering.ts'
import { unitSizesOf, type Engine, type TuneBatch } from '../../workers/pool/types.ts'
import { LOSS_BOUND, SCORE_STEPS } from '../../workers/privacy/contribution.ts'
import { cryptoRandom } from '../../workers/privacy/random.ts'
import { classNames, type ClassifyTask } from '../../workers/protocol/task.ts'
import type { StepPoint } from '../../workers/protocol/tuner.ts'
import type { TuningPlan } from '../../workers/protocol/tuning.ts'
import { createEncoder } from '../../workers/task/encoder.ts'
import { requireLabelWords } from '../../workers/task/labelWords.ts'
import { readDataset } from '../../workers/task/read/readDataset.ts'
import { scoreClasses } from '../../workers/evaluate/classify.ts'
import { measure, predictClasses } from '../../workers/evaluate/metrics.ts'
import { startState } from '../../workers/tune/optimizer.ts'
import { makePlan } from '../../workers/tune/plan.ts'
import { encodeRows, selectRows, throwCoins } from '../../workers/tune/prepare.ts'
import { softPromptOf, startPrompt } from '../../workers/tune/prompt.ts'
import { runTuning } from '../../workers/tune/session.ts'
import type { TuningRows, TuningState } from '../../workers/tune/types.ts'
import { DEMO_STUDENT, readBytes } from '../unit/model/support.ts'
import { sampleTask } from './support.ts'

const STEPS = 60
const RUNS = 3
const PROMPT_LENGTH = 20
const CURVES = ['loss', 'accuracy', 'clipped'] as const
type Point = Record<(typeof CURVES)[number], number>

let engine: Engine
let task: ClassifyTask
let tokenizer: Tokenizer
let rows: TuningRows
let labelTokens: readonly (readonly number[])[]
let start: Float32Array<ArrayBuffer>
let plan: TuningPlan

const isLong = process.env['LONG'] === '1'

async function readSample(name: string) {
  const bytes = readBytes(new URL(`../../public/samples/${name}`, import.meta.url).pathname)
  const { examples } = readDataset({ name, bytes }, {})
  const request = {
    task,
    tokenizer,
    contextLength: 256,
    promptLength: PROMPT_LENGTH,
    coins: throwCoins(examples, 0, cryptoRandom),
  }
  return await encodeRows(selectRows(task, examples, tokenizer), request, { onProgress: () => undefined })
}

/** A whole run; `exact` holds what the curves would be without noise, read from the sums. */
async function tune(given: TuningPlan) {
  const exact: Point[] = []
  const covered: Point[] = []
  let state: TuningState = startState(start)
  const watching: TuningEngine = {
    report: engine.report,
    classify: (batch) => engine.classify(batch),
    judge: (batch) => engine.judge(batch),
    tune: async (batch: TuneBatch) => {
      const answer = await engine.tune(batch)
      const { length } = batch.prompt
      const figure = (index: number) =>
        (answer.sum[length + index] ?? 0) / SCORE_STEPS / unitSizesOf(batch).length + 0.5
      exact.push({ loss: LOSS_BOUND * figure(0), accuracy: figure(1), clipped: figure(2) })
      return answer
    },
  }
  const hooks = {
    reserve: () => Promise.resolve(),
    checkpoint: (next: TuningState) => {
      state = next
      return Promise.resolve()
    },
    onStep: ({ loss, accuracy, clipped = Number.NaN }: StepPoint) => void covered.push({ loss, accuracy, clipped }),
    onHeldOut: () => undefined,
    wish: () => 'go' as const,
  }
  await runTuning({ engine: watching, plan: given, labelTokens, rows, state, spentSteps: 0, hooks })
  return { exact, covered, prompt: state.prompt }
}

type Tuned = Awaited<ReturnType<typeof tune>>

/** Deviation of covered figures from exact ones, of means over `span` steps. */
function distance(runs: readonly Tuned[], curve: keyof Point, span: number): number {
  const differences = runs.flatMap(({ exact, covered }) =>
    Array.from({ length: Math.floor(exact.length / span) }, (_, part) => {
      const places = Array.from({ length: span }, (_, index) => part * span + index)
      return places.reduce((sum, at) => sum + (covered[at]?.[curve] ?? 0) - (exact[at]?.[curve] ?? 0), 0) / span
    }),
  )
  return Math.sqrt(differences.reduce((sum, value) => sum + value * value, 0) / differences.length)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

describe.runIf(isLong)('covered curves', () => {
  beforeAll(async () => {
    const { files } = await readModelFolder(DEMO_STUDENT)
    engine = await openHostEngine({ backend: 'wasm' })
    const { vocabulary } = await engine.load('student', files)
    task = await sampleTask()
    const bytesOf = (name: string) => files.find((file) => file.name === name)?.bytes
    tokenizer = loadTokenizer(bytesOf('tokenizer.json') ?? {}, bytesOf('tokenizer_config.json'))
    labelTokens = requireLabelWords(task, tokenizer)
    rows = await readSample('banking.csv')
    const encoder = createEncoder({ task, tokenizer, contextLength: 256, promptLength: PROMPT_LENGTH })
    start = await startPrompt({ engine, encoder, vocabulary, promptLength: PROMPT_LENGTH, start: { kind: 'text' } })
    const facts = { task, trainRows: rows.encoded.length, heldOutRows: 0 }
    plan = makePlan({ budget: { epsilon: 8, delta: 1e-5 }, steps: STEPS, promptLength: PROMPT_LENGTH }, facts)
  })
  afterAll(async () => await engine.close())

  test('lie about the exact ones as far as noise and batch sizes carry them, and cost little accuracy', async () => {
    const { privacy, batchSize } = plan
    if (privacy === null) throw new Error('planned without DP')
    const heldOut = await readSample('banking-heldout.csv')
    const accuracyOf = async (prompt: Float32Array<ArrayBuffer>) => {
      const { encoded, labels } = heldOut
      const scores = await scoreClasses({
        engine,
        slot: 'student',
        prompt: softPromptOf(plan, prompt),
        labelTokens,
        examples: encoded,
      })
      return measure(Array.from(labels), predictClasses(scores), classNames(task).length).accuracy
    }
    const covered: Tuned[] = []
    const without: Tuned[] = []
    // The gradient of a run without curves has √1.03 times less noise at the same ε.
    const bare = { ...plan, privacy: { ...privacy, sigma: privacy.sigma / Math.sqrt(1.03) } }
    for (let run = 0; run < RUNS; run++) {
      covered.push(await tune(plan))
      without.push(await tune(bare))
    }
    const table = CURVES.map((curve) => ({
      curve,
      step: distance(covered, curve, 1),
      tenSteps: distance(covered, curve, 10),
    }))
    const accuracies = {
      withCurves: await Promise.all(covered.map(({ prompt }) => accuracyOf(prompt))),
      without: await Promise.all(without.map(({ prompt }) => accuracyOf(prompt))),
    }
    console.log(JSON.stringify({ sigma: privacy.sigma, batchSize, steps: STEPS, table, accuracies }, null, 2))

    // σ √(1 + 3β²) / (2β B) of noise, and a batch's size off its mean carries a share at most half as far.
    const noise = (privacy.sigma * Math.sqrt(1.03)) / 0.2 / batchSize
    const size = 0.5 / Math.sqrt(batchSize)
    for (const { curve, step } of table) {
      const unit = curve === 'loss' ? LOSS_BOUND : 1
      expect(step / unit).toBeGreaterThan(0.8 * noise)
      expect(step / unit).toBeLessThan(1.3 * Math.hypot(noise, size))
    }
    expect(meanOf(accuracies.without) - meanOf(accuracies.withCurves)).toBeLessThan(0.05)
  }, 3_600_000)
})
