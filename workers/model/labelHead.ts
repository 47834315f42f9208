/** From the hidden state at the read position to class scores: the output embedding's columns for label words alone. */
import { add, matMul, tensor1d, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import { transposed } from '../runtime/kernels/linear/linear.ts'
import { disposeAll } from '../runtime/tensors.ts'
import type { LanguageModel } from './types.ts'

export type LabelHead = {
  /** K. */
  readonly classes: number
  /** Hidden states `[m, d]` to scores `[m, K]`: mean raw logit over each class's label words. */
  scores(hidden: Tensor2D): Tensor2D
  /** Gradient of the scores to that of the hidden states. */
  backward(dScores: Tensor2D): Tensor2D
  dispose(): void
}

/** `labelTokens`: token ids of each class's label words. */
export function labelHead(model: LanguageModel, labelTokens: readonly (readonly number[])[]): LabelHead {
  const { width } = model.shape
  const classes = labelTokens.length
  const head = model.meanHead(labelTokens)
  const weights = tensor2d(head.weights, [width, classes])
  const back = tensor2d(transposed(head.weights, width, classes), [classes, width])
  const bias = head.bias && tensor1d(head.bias)
  return {
    classes,
    scores: (hidden) => {
      const scores = matMul<Tensor2D>(hidden, weights)
      return bias ? add<Tensor2D>(scores, bias) : scores
    },
    backward: (dScores) => matMul<Tensor2D>(dScores, back),
    dispose: () => disposeAll([weights, back, bias]),
  }
}
