/** POST's transfer: tunes the teacher's prompt pt on public texts until it acts as the student with ps does. */
import type { Engine, TransferConstants } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { PublicRandom } from '../task/seededRandom.ts'
import type { Encoded } from '../task/types.ts'
import { startState, updateState } from '../tune/optimizer.ts'
import { learningRateAt } from '../tune/schedule.ts'
import { gatherConstants, TEMPERATURE } from './constants.ts'
import type { TransferPlan } from './plan.ts'
import { endlessBatches } from './endlessBatches.ts'
import { readRows } from './rows.ts'

/** Public texts with all that the loss needs to know of them. */
export type TransferGround = {
  readonly engine: Engine
  readonly examples: readonly Encoded[]
  readonly constants: TransferConstants
  readonly vocabulary: number
  /** Whether the constants are those of a support that is less than the vocabulary. */
  readonly cut?: boolean
  readonly alpha: number
}

export type TransferJob = TransferGround & {
  readonly plan: Pick<TransferPlan, 'steps' | 'batchSize' | 'learningRate'>
  /** pt before the first step; left as it is. */
  readonly start: SoftPrompt
  readonly random: PublicRandom
  /** Told after each step: steps done, and the mean loss of its batch before the step. */
  readonly onStep?: (done: number, loss: number) => void
}

/**
 * A fixed number of Adam steps on a cosine schedule; the last prompt is the result, whatever the losses on the way: the
 * provider has nothing to pick a better one by.
 */
export async function transferPrompt(job: TransferJob): Promise<SoftPrompt> {
  const { plan, start } = job
  const batches = endlessBatches(job.random, job.examples.length, plan.batchSize)
  let state = startState(start.values)
  for (let step = 0; step < plan.steps; step++) {
    const places = batches.next().value
    const sum = await sumOver(job, { ...start, values: state.prompt }, places)
    state = updateState(state, {
      optimizer: 'adam',
      learningRate: learningRateAt(plan, step),
      gradient: Float32Array.from(sum.gradient, (value) => value / places.length),
    })
    job.onStep?.(step + 1, sum.loss / places.length)
  }
  return { ...start, values: state.prompt }
}

/** Mean loss of a prompt over the first `texts` public texts. */
export async function publicLoss(ground: TransferGround, prompt: SoftPrompt, texts: number): Promise<number> {
  const places = Array.from({ length: Math.min(texts, ground.examples.length) }, (_, place) => place)
  let loss = 0
  for (let start = 0; start < places.length; start += LOSS_TEXTS_PER_CALL) {
    loss += (await sumOver(ground, prompt, places.slice(start, start + LOSS_TEXTS_PER_CALL))).loss
  }
  return loss / places.length
}

const LOSS_TEXTS_PER_CALL = 32

async function sumOver(
  { engine, examples, constants, vocabulary, cut = false, alpha }: TransferGround,
  prompt: SoftPrompt,
  places: readonly number[],
): Promise<{ gradient: Float64Array; loss: number }> {
  const { gradient, outputLoss, shiftLoss } = await engine.transfer({
    prompt: prompt.values,
    promptLength: prompt.length,
    examples: places.flatMap((place) => examples[place] ?? []),
    constants: gatherConstants(constants, readRows(examples).of(places), vocabulary),
    cut,
    alpha,
    temperature: TEMPERATURE,
  })
  return { gradient, loss: (1 - alpha) * outputLoss + alpha * shiftLoss }
}
