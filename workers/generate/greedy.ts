/** Text written by a causal model: each time the token that it finds most likely. */
import { argMax, tidy, type Tensor2D } from '@tensorflow/tfjs-core'
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
  /** Tokens that end a text; they are not given out. */
  readonly ends: ReadonlySet<number>
}

/** The tokens that follow, one by one. Errors: as {@link LanguageModel.readOn}. */
export async function* greedyTokens(request: GreedyRequest): AsyncGenerator<number, void> {
  const { model, maxTokens, ends } = request
  let read: ReadOn = model.readOn(request.before, { ids: request.ids })
  try {
    for (let written = 1; written <= maxTokens; written++) {
      const next = await mostLikely(model, read.hidden)
      if (ends.has(next)) return
      yield next
      if (written === maxTokens || read.soFar.rows === model.shape.contextLength) return
      const longer = model.readOn(read.soFar, { ids: [next] })
      read.soFar.dispose()
      read = longer
    }
  } finally {
    read.soFar.dispose()
    read.hidden.dispose()
  }
}

/** `hidden` is freed. */
async function mostLikely(model: LanguageModel, hidden: Tensor2D): Promise<number> {
  const best = tidy(() => argMax(model.logits(hidden), -1))
  hidden.dispose()
  return (await take(best))[0] ?? Number.NaN
}
