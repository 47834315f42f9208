/**
 * From hidden states at the read position to the loss over class scores, and back.
 *
 *   z = h Rᵀ + b,  loss = log Σ exp z - z_label,  dh = (softmax(z) - onehot(label)) R
 *
 * R and b hold for each class the mean of its label words' rows of the output embedding and of its bias.
 */
import { add, matMul, mul, softmax, sub, tensor1d, tensor2d, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { hasWgslLabelLoss, wgslLabelLoss } from './wgsl.ts'

export type LabelRows = {
  /** R `[K, d]`. */
  readonly rows: Tensor2D
  /** Rᵀ `[d, K]`: see `Linear`. */
  readonly columns: Tensor2D
  /** b `[K]`. */
  readonly bias: Tensor1D | null
}

export type LabelLoss = {
  /** Loss and correctness of each text first in its row, as a GPU lays them out; elsewhere scores `[m, K]`. */
  readonly outcome:
    | { readonly kind: 'figures'; readonly figures: Tensor2D }
    | { readonly kind: 'scores'; readonly scores: Tensor2D }
  /** Of each text's own loss, `[m, d]`. */
  readonly dHidden: Tensor2D
}

/** z `[m, K]`. */
export function labelScores(hidden: Tensor2D, { columns, bias }: LabelRows): Tensor2D {
  const scores = matMul<Tensor2D>(hidden, columns)
  return bias ? add<Tensor2D>(scores, bias) : scores
}

/** @param labels class of each text, `[m]`; -1 for dummies, whose gradient is zero. */
export function labelLoss(hidden: Tensor2D, weights: LabelRows, labels: Int32Array): LabelLoss {
  const { rows, bias } = weights
  if (hasWgslLabelLoss(rows)) {
    const { figures, dHidden } = wgslLabelLoss(hidden, { rows, bias }, tensor1d(labels, 'int32'))
    return { outcome: { kind: 'figures', figures }, dHidden }
  }
  const scores = labelScores(hidden, weights)
  const [texts, classes] = scores.shape
  const targets = new Float32Array(texts * classes)
  const counts = new Float32Array(texts)
  for (const [text, label] of labels.entries()) {
    if (label < 0) continue
    targets[text * classes + label] = 1
    counts[text] = 1
  }
  const toTargets = sub(softmax(scores), tensor2d(targets, [texts, classes]))
  const dScores = mul<Tensor2D>(toTargets, tensor2d(counts, [texts, 1]))
  return { outcome: { kind: 'scores', scores }, dHidden: matMul<Tensor2D>(dScores, rows) }
}
