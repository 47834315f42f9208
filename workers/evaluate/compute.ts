/** Class scores of a batch on whatever backend holds the model. */
import { tidy } from '@tensorflow/tfjs-core'
import { labelHead } from '../model/labelHead.ts'
import type { LanguageModel } from '../model/types.ts'
import type { ClassifyBatch, ClassScores } from '../pool/types.ts'
import { take } from '../runtime/tensors.ts'
import type { Microbatch } from '../task/batches.ts'

/** `[n, K]` in the order of `batch.examples`; rows that `batches` leaves out stay zero. */
export async function computeScores(
  model: LanguageModel,
  batch: ClassifyBatch,
  batches: readonly Microbatch[],
): Promise<ClassScores> {
  const classes = batch.labelTokens.length
  const out = new Float32Array(batch.examples.length * classes)
  const prefix = batch.prompt === null ? null : model.prefix(batch.prompt, batch.promptLength)
  const head = labelHead(model, batch.labelTokens)
  try {
    for (const { tokens, places } of batches) {
      const scores = await take(tidy(() => head.scores(model.read(tokens, prefix).hidden)))
      for (const [row, place] of places.entries()) {
        out.set(scores.subarray(row * classes, (row + 1) * classes), place * classes)
      }
    }
    return out
  } finally {
    prefix?.dispose()
    head.dispose()
  }
}
