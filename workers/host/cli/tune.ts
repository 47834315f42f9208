/** `softpost tune`: a soft prompt from labelled rows, with differential privacy unless it is turned off. */
import { basename } from 'node:path'
import process from 'node:process'
import type { Tokenizer } from '../../model/tokenizer.ts'
import type { Engine } from '../../pool/types.ts'
import { defaultDelta } from '../../privacy/plan.ts'
import { cryptoRandom, type RandomSource } from '../../privacy/random.ts'
import { toReport } from '../../protocol/errors.ts'
import type { Task } from '../../protocol/task.ts'
import type {
  DataReport,
  HeldOutReport,
  LoadFile,
  ModelReport,
  Release,
  SelfCheck,
  StepPoint,
} from '../../protocol/tuner.ts'
import type { TuningPlan, TuningRequest, WeightFormat } from '../../protocol/tuning.ts'
import { PARTS } from '../../protocol/wire.ts'
import { createEncoder } from '../../task/encoder.ts'
import { requireAnswerTokens, type LabelTokens } from '../../task/answers.ts'
import { describeFaults, type PreparedRows } from '../../task/rows.ts'
import type { Example } from '../../task/types.ts'
import { betterLook } from '../../tune/choice.ts'
import { startState } from '../../tune/optimizer.ts'
import { makePlan } from '../../tune/plan.ts'
import {
  countFileUnits,
  encodeRows,
  heldOutShare,
  selectRows,
  sidesOf,
  type EncodingRequest,
} from '../../tune/prepare.ts'
import { makeRelease, startPrompt, type PromptStart } from '../../tune/prompt.ts'
import { seededSource } from '../../tune/seededSource.ts'
import { runTuning } from '../../tune/session.ts'
import type { TuningRows, TuningState } from '../../tune/types.ts'
import { countUnits, unitsOf, withUnit } from '../../tune/grouping.ts'
import { readDataFile, readTaskFile } from '../inputs.ts'
import { openModelFolder, type ModelFolder } from '../modelFolder.ts'
import { openHostEngine } from '../openEngine.ts'
import { CERTIFICATE } from '../promptFolder.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'
import type { Command } from './command.ts'
import { usageError } from './options.ts'
import { requireFree, writeFolder } from './outFolder.ts'
import { duration, progressLine } from './progress.ts'
import { openTuneLedger, type CertifiedRuns, type TuneLedger } from './tuneLedger.ts'
import { HELP, NAME, readArguments, type TuneArguments } from './tuneArguments.ts'

export const tuneCommand: Command = {
  name: NAME,
  summary: 'tune a soft prompt on labelled rows, with differential privacy',
  help: HELP,
  run: tune,
}

async function tune(args: readonly string[]): Promise<number> {
  const typed = readArguments(args)
  await requireFree(typed.folder)
  const task = await readTaskFile(typed.taskFile)
  const { examples, report } = await readDataFile(typed.dataFile, typed.columns)
  if (report.labelColumn === null) {
    throw usageError(
      NAME,
      `${typed.dataFile} has no column of ${task.kind === 'extract' ? 'answers' : 'labels'}; name it with --label-column`,
    )
  }
  const random = typed.request.dp || typed.seed === undefined ? cryptoRandom : seededSource(typed.seed)
  const model = await openModelFolder(typed.modelDir)
  const tokenizer = modelTokenizer(model.files)
  // Before the long work: slips that are soon mended.
  const labelTokens = requireAnswerTokens(task, tokenizer)
  const selected = selectRows(task, examples, tokenizer)
  if (report.dropped.length > 0) process.stderr.write(`tune: not read: ${describeDropped(task, report.dropped)}\n`)
  if (selected.withoutClass > 0) process.stderr.write(`tune: ${describeLeftOut(task, selected)}\n`)
  const book = await openTuneLedger(typed)
  try {
    return await tuneOnRecord(book, { typed, task, examples, selected, random, model, tokenizer, labelTokens })
  } finally {
    book.close()
  }
}

type Inputs = {
  readonly typed: TuneArguments
  readonly task: Task
  readonly examples: readonly Example[]
  readonly selected: PreparedRows
  readonly random: RandomSource
  readonly model: ModelFolder<LoadFile>
  readonly tokenizer: Tokenizer
  readonly labelTokens: LabelTokens | null
}

function describeDropped(task: Task, dropped: DataReport['dropped']): string {
  const words: Readonly<Record<DataReport['dropped'][number]['reason'], string>> = {
    'empty-text': 'have no text',
    'missing-label': `have an empty ${task.kind === 'extract' ? 'answer' : 'label'}`,
    'missing-person': 'do not say whose they are',
    'too-long': 'have a text that is too long',
    malformed: 'do not fit the columns',
  }
  return dropped.map(({ reason, rows }) => `${rows} ${words[reason]}`).join(', ')
}

function describeLeftOut(task: Task, selected: PreparedRows): string {
  return task.kind === 'extract'
    ? `left out: ${describeFaults(task, selected)}`
    : `${selected.withoutClass} rows have labels that are no classes of the task`
}

async function tuneOnRecord(book: TuneLedger, inputs: Inputs): Promise<number> {
  const { typed, task, examples, selected, random, model, tokenizer, labelTokens } = inputs
  const share = typed.heldOut ?? heldOutShare(countFileUnits(examples))
  const { dp } = typed.request
  const dealt = await book.deal(examples, { share, isGiven: typed.heldOut !== undefined, dp, random })
  const { coins } = dealt
  const request = withUnit(requestOf(typed, countFileUnits(selected.rows)), typed.columns.person !== undefined)
  const units = unitsOf(sidesOf(selected.rows, coins), request.maxRowsPerPerson)
  const plan = makePlan(request, { task, ...countUnits(units) })
  const { fileBudget } = typed
  const set = dealt.setOf(selected.rows)
  const runId = await book.reserve(plan, set, { dataName: basename(typed.dataFile), fileBudget })
  const engine = await openHostEngine({ backend: typed.backend })
  try {
    const report = await engine.load('student', model.files, typed.weights)
    const rows = await encodeWithProgress(
      { task, tokenizer, contextLength: report.contextLength, promptLength: typed.promptLength, coins },
      selected,
    )
    const spend = (steps: number) => book.ledger.spend(runId, steps)
    const { start, weights } = typed
    const said = await book.certify(plan, runId, { units: set, declares: typed.declareRuns })
    const done = await run({
      engine,
      model,
      report,
      tokenizer,
      labelTokens,
      rows,
      plan,
      random,
      start,
      spend,
      said,
      weights,
    })
    await book.ledger.markReleased(runId)
    await writeFolder(typed.folder, filesOf(done.release))
    if (done.better !== null) await keepBetter(typed, done.better)
    process.stdout.write(
      typed.json ? `${toJson(plan, done, typed.folder.out)}\n` : toWords(plan, done, typed.folder.out),
    )
    return 0
  } finally {
    await engine.close()
    await book.ledger.end(runId)
  }
}

async function encodeWithProgress(
  request: EncodingRequest,
  selected: ReturnType<typeof selectRows>,
): Promise<TuningRows> {
  const line = progressLine()
  const rows = await encodeRows(selected, request, {
    onProgress: (done, total) => line.show(`tune: read ${done} of ${total} rows`),
  })
  const cut = rows.encoded.filter((row) => row.cut).length
  line.end(`tune: ${rows.encoded.length} rows${cut > 0 ? `, ${cut} of them too long and cut` : ''}`)
  return rows
}

type RunJob = {
  readonly engine: Engine
  readonly model: ModelFolder<LoadFile>
  readonly report: ModelReport
  readonly tokenizer: Tokenizer
  readonly labelTokens: LabelTokens | null
  readonly rows: TuningRows
  readonly plan: TuningPlan
  readonly random: RandomSource
  readonly start: PromptStart
  /** Durably, before a block of steps. */
  readonly spend: (steps: number) => Promise<void>
  readonly said: CertifiedRuns
  readonly weights: WeightFormat
}

type Done = {
  readonly release: Release
  readonly seconds: number
  readonly heldOut: HeldOutReport | null
  /** An earlier prompt that did clearly better on held-out rows. */
  readonly better: { readonly release: Release; readonly report: HeldOutReport } | null
}

async function run({
  engine,
  model,
  report,
  tokenizer,
  labelTokens,
  rows,
  plan,
  random,
  start,
  spend,
  said,
  weights,
}: RunJob): Promise<Done> {
  const { task, promptLength } = plan
  const { contextLength, vocabulary, layers } = report
  const encoder = createEncoder({ task, tokenizer, contextLength, promptLength })
  let state: TuningState = startState(await startPrompt({ engine, encoder, vocabulary, promptLength, start }))
  let heldOut: HeldOutReport | null = null
  let check: SelfCheck | null = null
  const line = progressLine()
  const started = performance.now()
  const hooks = {
    reserve: spend,
    checkpoint: (next: TuningState) => {
      state = next
      return Promise.resolve()
    },
    onStep: (point: StepPoint, { secondsLeft }: { readonly secondsLeft: number }) =>
      line.show(describe(plan, point, secondsLeft)),
    onHeldOut: (next: HeldOutReport) => {
      heldOut = next
    },
    onSelfCheck: (report: SelfCheck) => {
      check = report
    },
    wish: () => 'go' as const,
  }
  await runTuning({ engine, plan, labelTokens, rows, state, spentSteps: 0, hooks }, random)
  const seconds = (performance.now() - started) / 1000
  line.end(`tune: ${plan.steps} steps in ${duration(seconds)}`)
  if (check !== null) process.stderr.write(`tune: ${describeCheck(check)}\n`)
  const { id, sha256 } = model.manifest
  const release = async (prompt: Float32Array<ArrayBuffer>): Promise<Release> =>
    await makeRelease({ plan, prompt, student: { id, sha256, weights, layers }, ...said })
  const look = betterLook(state)
  return {
    release: await release(state.prompt),
    seconds,
    heldOut,
    better: look && { report: look.report, release: await release(look.prompt) },
  }
}

function describe({ steps }: TuningPlan, { step, loss, accuracy, epsilon }: StepPoint, secondsLeft: number): string {
  const spent = epsilon === null ? '' : `, ε ${epsilon.toFixed(2)}`
  // Noise may carry a share outside its range.
  const share = Math.min(1, Math.max(0, accuracy))
  const figures = `loss ${loss.toFixed(3)}, accuracy ${(100 * share).toFixed(0)} %`
  return `tune: step ${step} of ${steps}, ${figures}${spent}, about ${duration(secondsLeft)} left`
}

function describeCheck({ step, moved, noise, finite }: SelfCheck): string {
  const faults = [
    ...(moved ? [] : ['the prompt did not move']),
    ...(noise === false ? ['the noise has another size than planned'] : []),
    ...(finite ? [] : ['gradients are not finite']),
  ]
  const found = faults.length === 0 ? 'prompt, noise and gradients are as they should be' : faults.join('; ')
  return `self-check after step ${step}: ${found}`
}

function filesOf({ adapterConfig, adapterModel, certificate }: Release) {
  return [
    { name: PARTS.config, bytes: adapterConfig },
    { name: PARTS.weights, bytes: adapterModel },
    { name: CERTIFICATE, bytes: `${JSON.stringify(certificate, null, 2)}\n` },
  ]
}

/** Rows a second as the plan counts them: how many were sampled is private. */
function toJson({ privacy, steps, sampleRate, batchSize }: TuningPlan, { seconds }: Done, out: string): string {
  return JSON.stringify({
    epsilon: privacy?.epsilonPlanned ?? null,
    delta: privacy?.delta ?? null,
    sigma: privacy?.sigma ?? null,
    steps,
    sampleRate,
    examplesPerSecond: (steps * batchSize) / seconds,
    out,
  })
}

function toWords({ privacy, steps }: TuningPlan, { heldOut }: Done, out: string): string {
  const budget =
    privacy === null
      ? 'without differential privacy'
      : `ε = ${privacy.epsilonPlanned.toPrecision(4)} at δ = ${privacy.delta}`
  const measured = heldOut === null ? '' : `, about ${(100 * heldOut.accuracy).toFixed(0)} % right on held-out rows`
  return `${steps} steps, ${budget}${measured}; the prompt is in ${out}\n`
}

/** Beside the run's own prompt, for whoever would rather have it: with DP the choice is post-processing. */
async function keepBetter({ folder }: TuneArguments, { release, report }: NonNullable<Done['better']>): Promise<void> {
  const out = `${folder.out}-step-${report.step}`
  const share = `${(100 * report.accuracy).toFixed(0)} % right`
  const found = `an earlier prompt, of step ${report.step}, did clearly better on held-out rows (about ${share})`
  try {
    // One of an earlier run under the same name is as old as the prompt that this run replaced.
    await writeFolder({ ...folder, out, force: true }, filesOf(release))
  } catch (error) {
    // The run's own prompt is written: what else is in the way is no reason to fail.
    process.stderr.write(`tune: ${found}, but is not kept: ${toReport(error).message}\n`)
    return
  }
  process.stderr.write(`tune: ${found}; it is in ${out}, and taking it costs no privacy\n`)
}

function requestOf({ request }: TuneArguments, units: number): TuningRequest {
  const { dp, epsilon, delta, knobs } = request
  return { ...knobs, budget: dp ? { epsilon, delta: delta ?? defaultDelta(units) } : null }
}
