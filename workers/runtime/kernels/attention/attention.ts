/**
 * Softmax attention of a batch of texts over a prefix that all of them share and over their own tokens.
 *
 *   A = softmax([Q Kpᵀ | Q Kᵀ] + mask),  O = Ap Vp + A V
 *
 * Q arrives scaled by 1/√hd. The prefix (a soft prompt's keys and values) is computed once and multiplied with all
 * texts at once; its gradients come back per text, as differential privacy needs them.
 *
 * Layouts: H heads, m texts, T tokens, hd head width, P prefix rows. Everything is head-major, `[H, m, T, hd]`, so that
 * products with the prefix are one matmul per head over m·T rows.
 */
import {
  add,
  concat,
  mul,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  transpose,
  type Rank,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core'
import { products } from '../products.ts'

export type Heads = Tensor4D
/** Keys and values of the shared prefix, `[H, P, hd]` each. */
export type PrefixKeyValues = { readonly k: Tensor3D; readonly v: Tensor3D }

export type AttentionInput = {
  /** `[H, m, Tq, hd]`, scaled. */
  readonly q: Heads
  /** `[H, m, T, hd]`. */
  readonly k: Heads
  readonly v: Heads
  readonly prefix: PrefixKeyValues | null
  /** Added to the scores; broadcasts to `[H, m, Tq, P + T]`, 0 or a large negative number. */
  readonly mask: Tensor4D
}

export type AttentionSaved = AttentionInput & {
  /** Probabilities over the prefix `[H, m, Tq, P]` (null without one) and over the own tokens `[H, m, Tq, T]`. */
  readonly prefixProbabilities: Heads | null
  readonly ownProbabilities: Heads
}

/** `[m·T, d]` to `[H, m, T, d/H]`. */
export function splitHeads(
  x: Tensor2D,
  shape: { readonly heads: number; readonly size: number; readonly length: number },
): Heads {
  const width = x.shape[1] / shape.heads
  return transpose(reshape(x, [shape.size, shape.length, shape.heads, width]), [2, 0, 1, 3])
}

/** `[H, m, T, hd]` to `[m·T, H·hd]`. */
export function mergeHeads(x: Heads): Tensor2D {
  const [heads, size, length, width] = x.shape
  return reshape(transpose(x, [1, 2, 0, 3]), [size * length, heads * width])
}

export function attention(input: AttentionInput): { readonly out: Heads; readonly saved: AttentionSaved } {
  const { q, k, v, prefix, mask } = input
  const [heads, size, queries, width] = q.shape
  const length = k.shape[2]
  const own: Heads = reshape(products(perText(q), perText(k), 'b'), [heads, size, queries, length])
  if (!prefix) {
    const ownProbabilities: Heads = softmax(add<Heads>(own, mask))
    const out: Heads = reshape(products(perText(ownProbabilities), perText(v)), [heads, size, queries, width])
    return { out, saved: { ...input, prefixProbabilities: null, ownProbabilities } }
  }
  const rows = prefix.k.shape[1]
  const shared: Heads = reshape(products(perHead(q), prefix.k, 'b'), [heads, size, queries, rows])
  const probabilities = softmax(add<Heads>(concat([shared, own], 3), mask))
  const prefixProbabilities: Heads = slice(probabilities, [0, 0, 0, 0], [heads, size, queries, rows])
  const ownProbabilities: Heads = slice(probabilities, [0, 0, 0, rows], [heads, size, queries, length])
  const fromPrefix: Heads = reshape(products(perHead(prefixProbabilities), prefix.v), [heads, size, queries, width])
  const fromOwn: Heads = reshape(products(perText(ownProbabilities), perText(v)), [heads, size, queries, width])
  return { out: add(fromPrefix, fromOwn), saved: { ...input, prefixProbabilities, ownProbabilities } }
}

export type AttentionGradient = {
  /** Per text, `[H, m, P, hd]`; null without a prefix. */
  readonly prefixK: Heads | null
  readonly prefixV: Heads | null
  /** With respect to the scaled Q, K and V; null when only the prefix was asked for. */
  readonly own: { readonly q: Heads; readonly k: Heads; readonly v: Heads } | null
}

/** Gradients of the scores, and what else the gradients of queries, keys and values are made of. */
type ScoreGradient = {
  /** Of the prefix's keys `[H, m, Tq, P]`; null without one. */
  readonly shared: Heads | null
  /** Of the texts' own keys, `[H, m, Tq, T]`. */
  readonly own: Heads
}

function scoreGradient(dOut: Heads, saved: AttentionSaved): ScoreGradient {
  const { k, v, prefix, prefixProbabilities, ownProbabilities } = saved
  const [heads, size, queries] = dOut.shape
  const dOwn: Heads = reshape(products(perText(dOut), perText(v), 'b'), [heads, size, queries, k.shape[2]])
  const ownCentre: Heads = sum(mul(dOwn, ownProbabilities), -1, true)
  if (!prefix || !prefixProbabilities) {
    return { shared: null, own: mul(ownProbabilities, sub(dOwn, ownCentre)) }
  }
  const dShared: Heads = reshape(products(perHead(dOut), prefix.v, 'b'), [heads, size, queries, prefix.v.shape[1]])
  const centre: Heads = add(ownCentre, sum(mul(dShared, prefixProbabilities), -1, true))
  return {
    shared: mul(prefixProbabilities, sub(dShared, centre)),
    own: mul(ownProbabilities, sub(dOwn, centre)),
  }
}

function queryGradient({ shared, own }: ScoreGradient, { q, k, prefix }: AttentionSaved): Heads {
  const dq: Heads = reshape(products(perText(own), perText(k)), [...q.shape])
  if (!prefix || !shared) return dq
  return add(dq, reshape<Rank.R4>(products(perHead(shared), prefix.k), [...q.shape]))
}

/** `wanted: 'prefix'` is for the first layer, whose texts' inputs do not depend on the prompt. */
export function attentionBackward(dOut: Heads, saved: AttentionSaved, wanted: 'prefix' | 'all'): AttentionGradient {
  const { q, prefix, prefixProbabilities, ownProbabilities } = saved
  const scores = scoreGradient(dOut, saved)
  const ofKeys = (weights: Heads, vectors: Heads): Heads => {
    const [heads, size, , keys] = weights.shape
    return reshape(products(perText(weights), perText(vectors), 'a'), [heads, size, keys, vectors.shape[3]])
  }
  const prefixV = prefix && prefixProbabilities && ofKeys(prefixProbabilities, dOut)
  const prefixK = scores.shared && ofKeys(scores.shared, q)
  if (wanted === 'prefix') return { prefixK, prefixV, own: null }
  return {
    prefixK,
    prefixV,
    own: { q: queryGradient(scores, saved), k: ofKeys(scores.own, q), v: ofKeys(ownProbabilities, dOut) },
  }
}

/** Gradients of the queries `[H, m, Tq, hd]`, and C of {@link KeyFactors}, the prefix's keys before the texts' own. */
export function attentionFactors(
  dOut: Heads,
  saved: AttentionSaved,
): { readonly q: Heads; readonly coefficients: Tensor3D } {
  const { prefixProbabilities, ownProbabilities } = saved
  const scores = scoreGradient(dOut, saved)
  const both = (shared: Heads | null, own: Heads): Tensor3D => {
    const all: Heads = shared ? concat([shared, own], 3) : own
    const [heads, size, queries, keys] = all.shape
    return reshape(transpose(all, [1, 2, 0, 3]), [size, queries * heads, keys])
  }
  return {
    q: queryGradient(scores, saved),
    coefficients: concat([both(scores.shared, scores.own), both(prefixProbabilities, ownProbabilities)], 1),
  }
}

/** One matrix per text and head: `[H·m, T, w]`. */
function perText(x: Heads): Tensor3D {
  const [heads, size, length, width] = x.shape
  return reshape(x, [heads * size, length, width])
}

/** One matrix per head over all texts: `[H, m·T, w]`. */
function perHead(x: Heads): Tensor3D {
  const [heads, size, length, width] = x.shape
  return reshape(x, [heads, size * length, width])
}
