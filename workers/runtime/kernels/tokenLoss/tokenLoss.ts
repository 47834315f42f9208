/**
 * The loss of answers that are texts, over the whole vocabulary, with its gradient.
 *
 *   loss = 1/n Σ_r (log Σ exp z_r − z_r[target_r]),  dz_r = (softmax(z_r) − onehot(target_r)) / n
 *
 * over the n read positions of a text that have a target: the mean cross-entropy of its own answer and end tokens. A text
 * is correct where each target has the largest logit (of equal ones the first): then, and only then, does greedy decoding
 * write exactly this answer.
 */
import { softmax, tensor1d, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import { hasWgslTokenLoss, wgslTokenLoss } from './wgsl.ts'

export type TokenLoss = {
  /** Of each text: loss in nats, 1 where it is correct, two zeros, `[m, 4]`; zeros for a dummy. */
  readonly figures: Tensor2D
  /** Gradient of each text's own loss, `[m·R, V]`. */
  readonly dLogits: Tensor2D
}

/**
 * logits `[m·R, V]`, R rows a text; to be called inside a `tidy`.
 * @param targets token of each row, `[m·R]`; -1 for rows without one, whose gradient is zero.
 */
export function tokenLoss(logits: Tensor2D, targets: Int32Array, texts: number): TokenLoss {
  const weights = weightsOf(targets, texts)
  return hasWgslTokenLoss()
    ? wgslTokenLoss(logits, { targets: tensor1d(targets, 'int32'), weights: tensor1d(weights), texts })
    : composed(logits, targets, { weights, texts })
}

/** 1/n for the n rows of each text that have a target, 0 for the others. */
function weightsOf(targets: Int32Array, texts: number): Float32Array {
  const reads = targets.length / texts
  const weights = new Float32Array(targets.length)
  for (let first = 0; first < targets.length; first += reads) {
    const own = targets.subarray(first, first + reads)
    const count = own.reduce((sum, target) => sum + (target < 0 ? 0 : 1), 0)
    own.forEach((target, read) => {
      if (target >= 0) weights[first + read] = 1 / count
    })
  }
  return weights
}

/** Row by row, in an order that no other row has a say in. The exponentials are the backend's. */
function composed(
  logits: Tensor2D,
  targets: Int32Array,
  { weights, texts }: { readonly weights: Float32Array; readonly texts: number },
): TokenLoss {
  const [rows, vocabulary] = logits.shape
  const values = logits.dataSync<'float32'>()
  const probabilities = softmax(logits).dataSync<'float32'>()
  const figures = new Float32Array(texts * 4)
  const dLogits = new Float32Array(rows * vocabulary)
  const reads = rows / texts
  for (const [row, target] of targets.entries()) {
    if (target < 0) continue
    const begin = row * vocabulary
    const weight = weights[row] ?? 0
    let best = 0
    for (let token = 0; token < vocabulary; token++) {
      if ((values[begin + token] ?? 0) > (values[begin + best] ?? 0)) best = token
      dLogits[begin + token] = weight * (probabilities[begin + token] ?? 0)
    }
    dLogits[begin + target] = (dLogits[begin + target] ?? 0) - weight
    // Through the largest entry, where the logarithm loses nothing and never meets a 0.
    const behind = (values[begin + best] ?? 0) - (values[begin + target] ?? 0)
    const text = Math.floor(row / reads) * 4
    figures[text] = (figures[text] ?? 0) + weight * (behind - Math.log(probabilities[begin + best] ?? 0))
    const before = row % reads === 0 ? 1 : (figures[text + 1] ?? 0)
    figures[text + 1] = best === target ? before : 0
  }
  return { figures: tensor2d(figures, [texts, 4]), dLogits: tensor2d(dLogits, [rows, vocabulary]) }
}
