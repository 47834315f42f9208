/**
 * The three terms of the distillation loss and their gradients (paper, equation 1; DistilBERT):
 *
 *   ce  = T² KL(softmax(z_t / T) ‖ softmax(z_s / T)), mean over tokens
 *   lm  = cross-entropy of the next token, or of a masked one, mean over tokens that the model is asked at
 *   cos = 1 − cos(h_s, h_t) of the last hidden states, mean over tokens
 */
import {
  add,
  div,
  log,
  max,
  mul,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  tensor1d,
  tensor2d,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import type { BatchTotals, SequenceBatch } from './types.ts'

/** One text after another, `[n, V]` and `[n, d]`. */
export type Outputs = { readonly logits: Tensor2D; readonly hidden: Tensor2D }

/** Of each row. Padding has no share, and where the model is not asked there is no target. */
export type Rows = { readonly targets: Int32Array; readonly token: Float32Array; readonly target: Float32Array }

export function rowsOf({ ids, size, length, lengths, targets: asked }: SequenceBatch): Rows {
  const targets = new Int32Array(size * length)
  const token = new Float32Array(size * length)
  const target = new Float32Array(size * length)
  lengths.forEach((count, text) => {
    const start = text * length
    token.fill(1, start, start + count)
    if (asked) return
    target.fill(1, start, start + count - 1)
    targets.set(ids.subarray(start + 1, start + count), start)
  })
  asked?.forEach((wanted, row) => {
    if (wanted < 0) return
    target[row] = 1
    targets[row] = wanted
  })
  return { targets, token, target }
}

/** A term's share of the batch's mean, a scalar, and its gradient. */
type Term<T extends 'logits' | 'hidden'> = { readonly loss: Tensor; readonly gradient: Outputs[T] }

export function ceTerm(
  student: Outputs,
  teacher: Outputs,
  { rows, totals, temperature: t }: { readonly rows: Rows; readonly totals: BatchTotals; readonly temperature: number },
): Term<'logits'> {
  const share = column(rows.token, 1 / totals.tokens)
  const [zs, zt] = [mul<Tensor2D>(student.logits, 1 / t), mul<Tensor2D>(teacher.logits, 1 / t)]
  const [ps, pt] = [softmax(zs), softmax(zt)]
  const cross = sum(mul(pt, sub(zt, zs)), -1, true)
  const kl = add(cross, sub(logSumExp(zs, ps), logSumExp(zt, pt)))
  return { loss: sum(mul(kl, mul(share, t * t))), gradient: mul<Tensor2D>(sub(ps, pt), mul(share, t)) }
}

export function lmTerm(
  { logits }: Outputs,
  { rows, totals }: { readonly rows: Rows; readonly totals: BatchTotals },
): Term<'logits'> {
  const share = column(rows.target, 1 / totals.targets)
  const p = softmax(logits)
  const wanted = oneHots(rows, logits.shape[1])
  const loss = sub(logSumExp(logits, p), sum(mul(wanted, logits), -1, true))
  return { loss: sum(mul(loss, share)), gradient: mul<Tensor2D>(sub(p, wanted), share) }
}

export function cosTerm(
  student: Outputs,
  teacher: Outputs,
  { rows, totals }: { readonly rows: Rows; readonly totals: BatchTotals },
): Term<'hidden'> {
  const share = column(rows.token, 1 / totals.tokens)
  const [own, ownNorm] = unit(student.hidden)
  const [other] = unit(teacher.hidden)
  const cosine = sum(mul(own, other), -1, true)
  const gradient = div(sub(mul(own, cosine), other), ownNorm)
  return { loss: sum(mul(sub(1, cosine), share)), gradient: mul<Tensor2D>(gradient, share) }
}

/** Losses of what the text says `[n]`, 0 where the model is not asked. */
export function tokenLosses({ logits }: Outputs, rows: Rows): Tensor1D {
  const wanted = sum(mul(oneHots(rows, logits.shape[1]), logits), -1, true)
  const loss: Tensor1D = sum(sub(logSumExp(logits, softmax(logits)), wanted), -1)
  return mul(loss, tensor1d(rows.target))
}

/** By hand: `oneHot` on tfjs's WASM backend writes whole numbers whatever type is asked for. */
function oneHots({ targets }: Rows, vocabulary: number): Tensor2D {
  const values = new Float32Array(targets.length * vocabulary)
  targets.forEach((target, row) => (values[row * vocabulary + target] = 1))
  return tensor2d(values, [targets.length, vocabulary])
}

/** From the largest logit and its probability: no further pass over exp of all of them. */
function logSumExp(z: Tensor2D, p: Tensor2D): Tensor {
  return sub(max(z, -1, true), log(max(p, -1, true)))
}

function unit(x: Tensor2D): [unit: Tensor, norm: Tensor] {
  const norm = sqrt(sum(square(x), -1, true))
  return [div(x, norm), norm]
}

function column(values: Float32Array, factor: number): Tensor2D {
  return tensor2d(
    values.map((value) => value * factor),
    [values.length, 1],
  )
}
