/** What stands on top of a model in tuning: from hidden states at read positions to each text's loss, and back. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { labelHead } from '../model/labelHead.ts'
import type { LanguageModel } from '../model/types.ts'
import type { TuneBatch } from '../pool/types.ts'
import type { LabelLoss } from '../runtime/kernels/labelLoss/labelLoss.ts'
import { hasWgslLabelLoss } from '../runtime/kernels/labelLoss/wgsl.ts'
import { tokenLoss } from '../runtime/kernels/tokenLoss/tokenLoss.ts'
import type { Microbatch } from '../task/batches.ts'

export type AnswerHead = {
  /** Whether outcomes are figures, which a GPU can go on with, rather than scores. */
  readonly givesFigures: boolean
  /** `hidden` is `[m·R, d]`. Dummies have no loss and send nothing back. To be called inside a `tidy`. */
  loss(hidden: Tensor2D, microbatch: Microbatch): LabelLoss
  dispose(): void
}

/** Classes where the batch brings label words, else the texts that its examples carry. */
export function answerHead(
  model: LanguageModel,
  { labelTokens, labels }: Pick<TuneBatch, 'labelTokens' | 'labels'>,
): AnswerHead {
  if (labelTokens === null) return textHead(model)
  const head = labelHead(model, labelTokens)
  return {
    givesFigures: hasWgslLabelLoss(head.weights.rows),
    loss: (hidden, microbatch) => head.loss(hidden, classesOf(labels, microbatch)),
    dispose: () => head.dispose(),
  }
}

function textHead(model: LanguageModel): AnswerHead {
  return {
    givesFigures: true,
    loss: (hidden, { tokens, targets }) => {
      if (targets === null) throw new Error('answerHead: the texts have no answers')
      const { figures, dLogits } = tokenLoss(model.logits(hidden), targets, tokens.size)
      return { outcome: { kind: 'figures', figures }, dHidden: model.logitsBackward(dLogits) }
    },
    dispose: () => undefined,
  }
}

/** Class of each of a microbatch's texts, where they are classes; -1 for dummies, which stand at its end. */
export function classesOf(labels: readonly number[], { tokens, places }: Microbatch): Int32Array {
  const own = new Int32Array(tokens.size).fill(-1)
  own.set(places.map((place) => labels[place] ?? 0))
  return own
}
