/** Answers of an extract task, written greedily behind each text. */
import type { LanguageModel } from '../model/types.ts'
import type { WriteBatch, WrittenAnswer } from '../pool/types.ts'
import { greedyTokens } from './greedy.ts'

/** In the order of the examples. The prompt goes through the model once. Errors: as {@link LanguageModel.readOn}. */
export async function writeAnswers(model: LanguageModel, batch: WriteBatch): Promise<WrittenAnswer[]> {
  const before = batch.prompt === null ? null : model.readOn(null, { prompt: batch.prompt })
  before?.hidden.dispose()
  try {
    const answers: WrittenAnswer[] = []
    for (const { ids } of batch.examples) {
      // One more than an answer may have: its end token.
      const tokens = greedyTokens({
        model,
        before: before?.soFar ?? null,
        ids: [...ids],
        maxTokens: batch.maxTokens + 1,
        ends: new Set(batch.ends),
      })
      const written: number[] = []
      const probabilities: number[] = []
      let ended = false
      for await (const { id, probability, isEnd } of tokens) {
        // Without its end an answer is as long as it may be.
        if (!isEnd && written.length === batch.maxTokens) break
        probabilities.push(probability)
        if (isEnd) ended = true
        else written.push(id)
      }
      answers.push({ ids: written, probabilities, ended })
    }
    return answers
  } finally {
    before?.soFar.dispose()
  }
}
