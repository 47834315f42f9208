/** Text written by a causal model: each time the token that it finds most likely. */
import { argMax, cast, concat, max, softmax, tidy, type Tensor2D } from '@tensorflow/tfjs-core'
import type { LanguageModel, ReadOn, ReadSoFar } from '../model/types.ts'
import { take } from '../runtime/tensors.ts'

export type GreedyRequest = {
  readonly model: LanguageModel
  /** What stands before the text and was read already; it lives on. */
  readonly before: ReadSoFar | null
  /** At least one token. */
  readonly ids: readonly number[]
  /** Tokens to be written at the most; fewer where the model's context or the text ends. */
  readonly maxTokens: number
  /** Tokens that end a text. */
  readonly ends: ReadonlySet<number>
}

export type GreedyToken = {
  readonly id: number
  /** That the model gave it, given all before. */
  readonly probability: number
  /** One of the request's `ends`, which is the last to come and no part of the text. */
  readonly isEnd: boolean
}

/** The tokens that follow, one by one. Errors: as {@link LanguageModel.readOn}. */
export async function* greedyTokens(request: GreedyRequest): AsyncGenerator<GreedyToken, void> {
  const { model, maxTokens, ends } = request
  let read: ReadOn = model.readOn(request.before, { ids: request.ids })
  try {
    for (let written = 1; written <= maxTokens; written++) {
      const { id, probability } = await mostLikely(model, read.hidden)
      yield { id, probability, isEnd: ends.has(id) }
      if (ends.has(id) || written === maxTokens || read.soFar.rows === model.shape.contextLength) return
      const longer = model.readOn(read.soFar, { ids: [id] })
      read.soFar.dispose()
      read = longer
    }
  } finally {
    read.soFar.dispose()
    read.hidden.dispose()
  }
}

/** `hidden` is freed. */
async function mostLikely(
  model: LanguageModel,
  hidden: Tensor2D,
): Promise<{ readonly id: number; readonly probability: number }> {
  const found = tidy(() => {
    const logits = model.logits(hidden)
    // One reading for both: ids are exact in float32.
    return concat([cast(argMax(logits, -1), 'float32'), max(softmax(logits), -1)])
  })
  hidden.dispose()
  const [id = Number.NaN, probability = Number.NaN] = await take(found)
  return { id, probability }
}
