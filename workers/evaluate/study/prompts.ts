/** Prompts of cells: tuned once, however many methods use them. */
import { cryptoRandom } from '../../privacy/random.ts'
import { defaultDelta } from '../../privacy/plan.ts'
import type { TuningPlan, TuningRequest } from '../../protocol/tuning.ts'
import { createEncoder } from '../../task/encoder.ts'
import { asPrivate, DEFAULTS, makePlan } from '../../tune/plan.ts'
import { softPromptOf, startPrompt } from '../../tune/prompt.ts'
import { seededSource } from '../../tune/seededSource.ts'
import { tuneMeasured } from '../measuredRun.ts'
import type { PromptKey } from './cells.ts'
import { clipping } from './clipping.ts'
import { passCost, spent } from './cost.ts'
import type { StudyData, StudyGround, TunedPrompt } from './types.ts'

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
  const rows = data.train.map(({ text, classIndex }) => ({ encoded: encoder.encode(text), label: classIndex }))
  const engine = epsilon === 'clip' ? clipping(ground.engine, settings.clip ?? DEFAULTS.clipNorm) : ground.engine
  const prompt = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
  const random = plan.privacy === null ? seededSource(seed) : cryptoRandom
  // With DP a seed is a repetition: noise and batches are the CSPRNG's.
  const stop = spent()
  const values = await tuneMeasured(
    { engine, plan, labelTokens: data.labelTokens, rows, prompt },
    (step) => {
      ground.onProgress(`tuning, step ${step} of ${plan.steps}`)
      return Promise.resolve()
    },
    random,
  )
  const tokens = plan.steps * plan.batchSize * meanLength(rows.map(({ encoded }) => encoded.ids.length))
  return {
    prompt: softPromptOf(plan, values),
    epsilon: plan.privacy?.epsilonPlanned ?? null,
    cost: stop(passCost(report, { tokens: tokens + plan.steps * promptLength, backward: true })),
  }
}

export function meanLength(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length)
}
