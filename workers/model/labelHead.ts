/** From the hidden state at the read position to class scores: the output embedding's columns for label words alone. */
import { tensor1d, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import { labelLoss, labelScores, type LabelLoss, type LabelRows } from '../runtime/kernels/labelLoss/labelLoss.ts'
import { transposed } from '../runtime/kernels/linear/linear.ts'
import { disposeAll } from '../runtime/tensors.ts'
import type { LanguageModel } from './types.ts'

export type LabelHead = {
  /** K. */
  readonly classes: number
  readonly weights: LabelRows
  /** Hidden states `[m, d]` to scores `[m, K]`: mean raw logit over each class's label words. */
  scores(hidden: Tensor2D): Tensor2D
  /** Cross-entropy over the scores, and back to the hidden states; `labels` is -1 for dummies. */
  loss(hidden: Tensor2D, labels: Int32Array): LabelLoss
  dispose(): void
}

/** `labelTokens`: token ids of each class's label words. */
export function labelHead(model: LanguageModel, labelTokens: readonly (readonly number[])[]): LabelHead {
  const { width } = model.shape
  const classes = labelTokens.length
  const { weights: values, bias } = model.meanHead(labelTokens)
  const weights = {
    rows: tensor2d(transposed(values, width, classes), [classes, width]),
    columns: tensor2d(values, [width, classes]),
    bias: bias && tensor1d(bias),
  }
  return {
    classes,
    weights,
    scores: (hidden) => labelScores(hidden, weights),
    loss: (hidden, labels) => labelLoss(hidden, weights, labels),
    dispose: () => disposeAll(weights),
  }
}
