/** Class scores of a batch, or how known answers fare, on whatever backend holds the model. */
import { tidy } from '@tensorflow/tfjs-core'
import { labelHead } from '../model/labelHead.ts'
import type { LanguageModel } from '../model/types.ts'
import type { ClassifyBatch, ClassScores, Judgements, PromptedBatch } from '../pool/types.ts'
import { tokenLoss } from '../runtime/kernels/tokenLoss/tokenLoss.ts'
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

/** In the order of `batch.examples`, all of which have known answers; rows that `batches` leaves out stay zero. */
export async function computeJudgements(
  model: LanguageModel,
  batch: PromptedBatch,
  batches: readonly Microbatch[],
): Promise<Judgements> {
  const out = new Float32Array(batch.examples.length * 2)
  const prefix = batch.prompt === null ? null : model.prefix(batch.prompt, batch.promptLength)
  try {
    for (const { tokens, places, targets } of batches) {
      if (targets === null) throw new Error('computeJudgements: the texts have no answers')
      const figures = await take(
        tidy(() => tokenLoss(model.logits(model.read(tokens, prefix).hidden), targets, tokens.size).figures),
      )
      for (const [row, place] of places.entries()) out.set(figures.subarray(row * 4, row * 4 + 2), place * 2)
    }
    return out
  } finally {
    prefix?.dispose()
  }
}
