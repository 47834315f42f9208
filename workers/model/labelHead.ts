/** From the hidden state at the read position to class scores: the output embedding's columns for label words alone. */
import { matMul, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import { transposed } from '../runtime/kernels/linear/linear.ts'
import { disposeAll } from '../runtime/tensors.ts'
import type { CausalModel } from './types.ts'

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
export function labelHead(model: CausalModel, labelTokens: readonly (readonly number[])[]): LabelHead {
  const { width } = model.shape
  const classes = labelTokens.length
  const values = model.meanHead(labelTokens)
  const weights = tensor2d(values, [width, classes])
  const back = tensor2d(transposed(values, width, classes), [classes, width])
  return {
    classes,
    scores: (hidden) => matMul<Tensor2D>(hidden, weights),
    backward: (dScores) => matMul<Tensor2D>(dScores, back),
    dispose: () => disposeAll([weights, back]),
  }
}
