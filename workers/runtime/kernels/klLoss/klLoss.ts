/**
 * POST's transfer loss at one position over the whole vocabulary, with its gradient.
 *
 *   L  = (1 − α) L1 + α L2
 *   L1 = T² KL(softmax(z_s(ps+x)/T) ‖ softmax(z_t(pt+x)/T))
 *   L2 = the same with z(p+x) − z(x) in place of z(p+x)
 *
 * Source: Wang et al. 2025 (arXiv 2506.16196), equations 3-5; direction, T and T² from the authors' code. Only
 * z_t(pt+x) carries a gradient: dL/dz_t = (1−α) T (q − s) + α T (q′ − s′), q the teacher's distribution, s the student's.
 */
import {
  add,
  log,
  max,
  maximum,
  mul,
  softmax,
  stack,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import { hasWgslKlLoss, wgslKlLoss } from './wgsl.ts'

/** What {@link klLoss} compares with, `[m, V]` each; see `TransferConstants`. */
export type ConstantTensors = {
  readonly studentOutput: Tensor2D
  readonly studentShift: Tensor2D
  readonly teacherPlain: Tensor2D
}

export type LossOptions = { readonly alpha: number; readonly temperature: number }

export type KlLoss = {
  /** Rows that begin with L1 and L2 of each text, `[m, ·]`. */
  readonly losses: Tensor2D
  /** Gradient of each text's L with respect to its logits, `[m, V]`. */
  readonly dLogits: Tensor2D
}

/** logits z_t(pt+x), `[m, V]`. */
export function klLoss(logits: Tensor2D, constants: ConstantTensors, options: LossOptions): KlLoss {
  if (hasWgslKlLoss()) {
    const { figures, dLogits } = wgslKlLoss(logits, constants, { ...options, leastProbability: LEAST_PROBABILITY })
    return { losses: figures, dLogits }
  }
  const { alpha, temperature } = options
  const output = divergence(logits, constants.studentOutput, temperature)
  const shift = divergence(sub(logits, constants.teacherPlain), constants.studentShift, temperature)
  return {
    losses: stack([output.loss, shift.loss], 1) as Tensor2D,
    dLogits: add(mul(output.excess, (1 - alpha) * temperature), mul(shift.excess, alpha * temperature)),
  }
}

/** Far below what counts in a sum of float32, far above where log underflows; 0 · log 0 is 0. */
const LEAST_PROBABILITY = 1e-30

/** T² KL(source ‖ softmax(z/T)) of each row, and softmax(z/T) − source. */
function divergence(z: Tensor2D, source: Tensor2D, temperature: number): { loss: Tensor1D; excess: Tensor2D } {
  const scaled = mul(z, 1 / temperature)
  const target = softmax(scaled)
  // log softmax through its largest entry, where log loses nothing: one log a row instead of one exp an element.
  const logTarget = add(sub(scaled, max(scaled, -1, true)), log(max(target, -1, true)))
  const logSource = log(maximum(source, LEAST_PROBABILITY))
  const loss: Tensor1D = mul(sum(mul(source, sub(logSource, logTarget)), -1), temperature ** 2)
  return { loss, excess: sub(target, source) }
}
