/** Prompts of cells: tuned once, however many methods use them. */
import { cryptoRandom, type RandomSource } from '../../privacy/random.ts'
import { defaultDelta } from '../../privacy/plan.ts'
import type { TuningPlan, TuningRequest } from '../../protocol/tuning.ts'
import { createEncoder } from '../../task/encoder.ts'
import { prepareRows, requireClasses } from '../../task/rows.ts'
import { asPrivate, DEFAULTS, makePlan } from '../../tune/plan.ts'
import { softPromptOf, startPrompt } from '../../tune/prompt.ts'
import { seededSource } from '../../tune/seededSource.ts'
import { tuneMeasured, type MeasuredRun } from '../measuredRun.ts'
import type { PromptKey } from './cells.ts'
import { clipping } from './clipping.ts'
import { passCost, spent } from './cost.ts'
import { needsClasses } from './needsClasses.ts'
import type { StudyData, StudyGround, StudyRow, TunedPrompt } from './types.ts'

/** The student's prompt, or the teacher's where the key names no student. */
export async function promptOf(ground: StudyGround, key: PromptKey, data: StudyData): Promise<TunedPrompt> {
  const found = await ground.findPrompt(key)
  if (found) return found
  const tuned = await tune(ground, key, data)
  await ground.keepPrompt(key, tuned)
  return tuned
}

export function planOf(key: Pick<PromptKey, 'epsilon' | 'settings'>, data: StudyData): TuningPlan {
  const rows = data.train.length
  return makePlan(requestFor(key, rows), { task: data.task, trainRows: rows, heldOutRows: 0 })
}

/** What the settings ask of a run on so many rows. */
export function requestFor(
  { epsilon, settings }: Pick<PromptKey, 'epsilon' | 'settings'>,
  rows: number,
): TuningRequest {
  const { promptLength, steps, batch, lr, clip } = settings
  const knobs = {
    ...(promptLength === undefined ? {} : { promptLength }),
    ...(steps === undefined ? {} : { steps }),
    ...(batch === undefined ? {} : { batchSize: batch }),
    ...(lr === undefined ? {} : { learningRate: lr }),
  }
  if (epsilon === null) return { ...knobs, budget: null }
  // Clipping alone is to be a private run without its noise: the same steps, batches and learning rate.
  if (epsilon === 'clip') return asPrivate({ ...knobs, budget: null }, rows)
  const clipNorm = clip === undefined ? {} : { clipNorm: clip }
  return { ...knobs, ...clipNorm, budget: { epsilon, delta: defaultDelta(rows) } }
}

async function tune(ground: StudyGround, key: PromptKey, data: StudyData): Promise<TunedPrompt> {
  const { student, epsilon, seed, settings } = key
  // The slot that tuning works on, whichever model is in it.
  const report = await ground.load('student', student === null ? 'teacher' : { student })
  const plan = planOf(key, data)
  const { promptLength } = plan
  const { contextLength, vocabulary } = report
  const encoder = createEncoder({ task: data.task, tokenizer: ground.tokenizer, contextLength, promptLength })
  const encoded = (rows: readonly StudyRow[]): Row[] =>
    rows.map(({ text, classIndex, answer }) => ({ encoded: encoder.encode(text, answer), label: classIndex }))
  const engine = epsilon === 'clip' ? clipping(ground.engine, settings.clip ?? DEFAULTS.clipNorm) : ground.engine
  const text = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
  const run = async (job: Pick<MeasuredRun, 'engine' | 'plan' | 'rows' | 'prompt'>, random: RandomSource) =>
    await tuneMeasured(
      { ...job, labelTokens: data.labelTokens },
      (step) => {
        ground.onProgress(`tuning, step ${step} of ${job.plan.steps}`)
        return Promise.resolve()
      },
      random,
    )
  const stop = spent()
  const warm = warmUp(key, data)
  const warmRows = encoded(warm?.rows ?? [])
  const prompt = warm
    ? await run({ engine: ground.engine, plan: warm.plan, rows: warmRows, prompt: text }, seededSource(seed))
    : text
  const rows = encoded(data.train)
  // With DP a seed is a repetition: noise and batches are the CSPRNG's.
  const random = plan.privacy === null ? seededSource(seed) : cryptoRandom
  const values = await run({ engine, plan, rows, prompt }, random)
  const tokens = tokensOf(plan, rows) + (warm ? tokensOf(warm.plan, warmRows) : 0)
  return {
    prompt: softPromptOf(plan, values),
    epsilon: plan.privacy?.epsilonPlanned ?? null,
    cost: stop(passCost(report, { tokens, backward: true })),
  }
}

type Row = MeasuredRun['rows'][number]

function tokensOf({ steps, batchSize, promptLength }: TuningPlan, rows: readonly Row[]): number {
  return steps * (batchSize * meanLength(rows.map(({ encoded }) => encoded.ids.length)) + promptLength)
}

/** What comes before the private rows: rows of the public set whose labels are classes of the task, without privacy. */
function warmUp(
  { settings: { warmSteps, promptLength }, publicSet }: PromptKey,
  { task, publicSets }: StudyData,
): { readonly plan: TuningPlan; readonly rows: readonly StudyRow[] } | null {
  if (warmSteps === undefined || publicSet === undefined) return null
  if (task.kind === 'extract') throw needsClasses('warmSteps')
  const prepared = prepareRows(task, publicSets[publicSet] ?? [])
  requireClasses(task, prepared)
  const facts = { task, trainRows: prepared.rows.length, heldOutRows: 0 }
  const length = promptLength === undefined ? {} : { promptLength }
  return { plan: makePlan({ ...length, steps: warmSteps, budget: null }, facts), rows: prepared.rows }
}

export function meanLength(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length)
}
