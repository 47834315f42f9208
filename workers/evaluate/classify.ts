/** Classifies texts with a loaded model: what the command line, the host and the browser's worker share. */
import type { Engine, ModelSlot } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { classNames, type Task } from '../protocol/task.ts'
import type { Prediction } from '../protocol/tuner.ts'
import type { Encoded } from '../task/types.ts'
import { classProbabilities, predictClasses, type Scores } from './metrics.ts'

export type ClassifyJob = {
  readonly engine: Pick<Engine, 'classify'>
  readonly slot: ModelSlot
  /** Null for the model without a prompt. */
  readonly prompt: SoftPrompt | null
  /** Token ids of the label words, one list per class. */
  readonly labelTokens: readonly (readonly number[])[]
  readonly examples: readonly Encoded[]
  /** Told how many rows are done. */
  readonly onProgress?: (done: number) => void
}

/** Rows of one call: enough to fill all pool members, few enough that progress moves. */
const ROWS_PER_CALL = 256

/** Class scores of each example: the mean raw logit over the class's label words at the read position. */
export async function scoreClasses(job: ClassifyJob): Promise<Scores> {
  const { engine, slot, prompt, labelTokens, examples } = job
  const classes = labelTokens.length
  const values = new Float32Array(examples.length * classes)
  for (let start = 0; start < examples.length; start += ROWS_PER_CALL) {
    const part = examples.slice(start, start + ROWS_PER_CALL)
    const scores = await engine.classify({
      slot,
      prompt: prompt?.values ?? null,
      promptLength: prompt?.length ?? 0,
      labelTokens,
      examples: part,
    })
    values.set(scores, start * classes)
    job.onProgress?.(start + part.length)
  }
  return { values, classes }
}

/** The label of each row, with the probability of every class: the softmax of its class scores. */
export function toPredictions(task: Task, scores: Scores): Prediction[] {
  const names = classNames(task)
  const predicted = predictClasses(scores)
  return classProbabilities(scores).map((row, index) => ({
    label: names[predicted[index] ?? 0] ?? '',
    probabilities: names.map((label, k) => ({ label, probability: row[k] ?? 0 })),
  }))
}
