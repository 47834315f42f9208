/**
 * Attention on the rows of the projections of m texts of T tokens: own kernels on a GPU, else attention.ts and
 * sharedAttention.ts, whose head-major layout the rows are brought into.
 *
 * H heads of width hd share K heads of keys and values, each of them H/K that follow each other (grouped queries); in
 * most models K is H. d below is H·hd, and e is K·hd.
 */
import {
  add,
  matMul,
  reshape,
  softmax,
  tensor1d,
  tensor4d,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core'
import {
  attention,
  attentionBackward,
  mergeHeads,
  splitHeads,
  type AttentionSaved,
  type Heads,
  type PrefixKeyValues,
} from './attention.ts'
import { seenMask } from './masks.ts'
import { mergeParts, repeatHeads, splitParts, sumHeads } from './parts.ts'
import { sharedAttentionBackward, type SharedAttentionSaved } from './sharedAttention.ts'
import {
  hasWgslAttention,
  wgslAttention,
  wgslKeyGradient,
  wgslQueryGradient,
  type RowsInput,
} from './wgsl/attention.ts'

/** Keys and values of a layer that all texts share, `[P, 2e]`, in the layout that the backend wants. */
export type SharedKeys =
  | { readonly kind: 'rows'; readonly kv: Tensor2D }
  | { readonly kind: 'heads'; readonly kv: PrefixKeyValues }

/** What each query sees of its text's own keys; of a prefix it sees everything. */
export type Sight =
  | { readonly kind: 'counts'; readonly counts: Tensor1D }
  | { readonly kind: 'mask'; readonly mask: Tensor4D }

export type HeadCounts = {
  /** H. */
  readonly heads: number
  /** K. */
  readonly keyHeads: number
  /** hd. */
  readonly headWidth: number
}

export type TextShape = HeadCounts & {
  /** m. */
  readonly size: number
  /** T. */
  readonly length: number
  /** P. */
  readonly prefixRows: number
}

function usesWgsl({ headWidth, length, prefixRows }: TextShape): boolean {
  return hasWgslAttention(headWidth, prefixRows + length)
}

/**
 * `seen`: how many of its text's keys each query sees, `[m·Tq]`, or `[Tq]` where that is the same in all texts. The
 * result serves every layer.
 */
export function sightOf(shape: TextShape, seen: Int32Array, queries: number): Sight {
  if (usesWgsl(shape)) return { kind: 'counts', counts: tensor1d(seen, 'int32') }
  const { length, prefixRows } = shape
  const mask = seenMask(seen, length, prefixRows)
  return { kind: 'mask', mask: tensor4d(mask, [1, seen.length / queries, queries, prefixRows + length]) }
}

/** kv `[P, 2e]`, keys beside values. */
export function sharedKeys(kv: Tensor2D, shape: TextShape): SharedKeys {
  if (usesWgsl(shape)) return { kind: 'rows', kv }
  return { kind: 'heads', kv: prefixHeads(kv, shape) }
}

/** `[P, 2e]` to heads `[H, P, hd]`. */
function prefixHeads(kv: Tensor2D, shape: HeadCounts): PrefixKeyValues {
  const [k, v] = keysAndValues(kv, { ...shape, size: 1, length: kv.shape[0] })
  return { k: ofOne(k), v: ofOne(v) }
}

export type TextAttentionSaved =
  | { readonly kind: 'rows'; readonly input: RowsInput; readonly size: number }
  | { readonly kind: 'heads'; readonly saved: AttentionSaved; readonly shape: TextShape; readonly queries: number }

/** q `[m·Tq, d]`, scaled by 1/√hd, and kv `[m·T, 2e]` to `[m·Tq, d]`. */
export function textAttention(
  { q, kv, prefix, sight }: { q: Tensor2D; kv: Tensor2D; prefix: SharedKeys | null; sight: Sight },
  shape: TextShape,
): { readonly out: Tensor2D; readonly saved: TextAttentionSaved } {
  const { heads, keyHeads, size, length } = shape
  const queries = q.shape[0] / size
  if (sight.kind === 'counts') {
    // A prefix that is too long for the kernels makes every text too long for them.
    if (prefix?.kind === 'heads') throw new Error('textAttention: the prefix has another layout')
    const input = { heads, keyHeads, q, kv, prefix: prefix?.kv ?? null, seen: sight.counts, queries, length }
    return { out: wgslAttention(input), saved: { kind: 'rows', input, size } }
  }
  const [k, v] = keysAndValues(kv, shape)
  const shared = prefix?.kind === 'rows' ? prefixHeads(prefix.kv, shape) : (prefix?.kv ?? null)
  const heads_ = splitHeads(q, { heads, size, length: queries })
  const { out, saved } = attention({ q: heads_, k, v, prefix: shared, mask: sight.mask })
  return { out: mergeHeads(out), saved: { kind: 'heads', saved, shape, queries } }
}

export type RowsGradient = {
  /** Of the prefix's keys and values, text after text, `[m·P, 2e]`; null without a prefix. */
  readonly prefix: Tensor2D | null
  /** Of the texts' own Q (scaled) `[m·Tq, d]` and K beside V `[m·T, 2e]`; null where only the prefix was asked for. */
  readonly own: { readonly q: Tensor2D; readonly kv: Tensor2D } | null
}

/**
 * dOut `[m·Tq, d]`. `wanted: 'prefix'` is for the first layer, whose texts' inputs do not depend on the prompt. Rows of
 * `own.q` may be longer than d: see `linearBackward`.
 */
export function textAttentionBackward(
  dOut: Tensor2D,
  attended: TextAttentionSaved,
  wanted: 'prefix' | 'all',
): RowsGradient {
  if (attended.kind === 'rows') {
    const { input, size } = attended
    const dq = wgslQueryGradient(dOut, input)
    const gradient = { ...input, dOut, dq, size }
    const own = wanted === 'all' ? { q: dq, kv: wgslKeyGradient('own', gradient) } : null
    return { prefix: input.prefix && wgslKeyGradient('prefix', gradient), own }
  }
  const { saved, shape, queries } = attended
  const { heads, keyHeads, size } = shape
  const { prefixK, prefixV, own } = attentionBackward(splitHeads(dOut, { heads, size, length: queries }), saved, wanted)
  const merged = (k: Heads, v: Heads): Tensor2D => mergeParts([sumHeads(k, keyHeads), sumHeads(v, keyHeads)])
  return {
    prefix: prefixK && prefixV && merged(prefixK, prefixV),
    own: own && { q: mergeHeads(own.q), kv: merged(own.k, own.v) },
  }
}

export type PrefixAttentionSaved =
  | { readonly kind: 'rows'; readonly input: RowsInput }
  | { readonly kind: 'heads'; readonly saved: SharedAttentionSaved }

/** A prefix's causal attention over itself: q `[P, d]`, scaled by 1/√hd, to `[P, d]`. */
export function prefixAttention(
  q: Tensor2D,
  keys: SharedKeys,
  sight: Sight,
  shape: TextShape,
): { readonly out: Tensor2D; readonly saved: PrefixAttentionSaved } {
  const [rows] = q.shape
  const { heads, keyHeads, headWidth } = shape
  if (keys.kind === 'rows' && sight.kind === 'counts') {
    const input = { heads, keyHeads, q, kv: keys.kv, prefix: null, seen: sight.counts, queries: rows, length: rows }
    return { out: wgslAttention(input), saved: { kind: 'rows', input } }
  }
  if (keys.kind === 'rows' || sight.kind === 'counts') throw new Error('prefixAttention: keys of another layout')
  const { k, v } = keys.kv
  const queries = ofOne(splitHeads(q, { heads, size: 1, length: rows }))
  const mask: Tensor3D = reshape(sight.mask, [1, rows, rows])
  const probabilities: Tensor3D = softmax(add<Tensor3D>(matMul(queries, k, false, true), mask))
  const mixed: Heads = reshape(matMul(probabilities, v), [heads, 1, rows, headWidth])
  return { out: mergeHeads(mixed), saved: { kind: 'heads', saved: { q: queries, k, v, probabilities } } }
}

/**
 * m gradients against the one pass saved: dOut `[m·P, d]` to dQ `[m·P, d]` (scaled; rows may be longer) and dK beside
 * dV `[m·P, 2e]`, to which `arriving` `[m·P, 2e]`, what texts send to the same keys, is added.
 */
export function prefixAttentionBackward(
  dOut: Tensor2D,
  attended: PrefixAttentionSaved,
  { arriving, heads, keyHeads }: { readonly arriving: Tensor2D } & Pick<HeadCounts, 'heads' | 'keyHeads'>,
): { readonly q: Tensor2D; readonly kv: Tensor2D } {
  if (attended.kind === 'rows') {
    const { input } = attended
    const size = dOut.shape[0] / input.length
    const dq = wgslQueryGradient(dOut, input)
    return { q: dq, kv: wgslKeyGradient('own', { ...input, dOut, dq, size, plus: arriving }) }
  }
  const { saved } = attended
  const rows = saved.q.shape[1]
  const size = dOut.shape[0] / rows
  const own = sharedAttentionBackward(splitHeads(dOut, { heads, size, length: rows }), saved)
  return { q: mergeHeads(own.q), kv: add(mergeParts([sumHeads(own.k, keyHeads), sumHeads(own.v, keyHeads)]), arriving) }
}

/** `[m·T, 2e]` to keys and values, `[H, m, T, hd]` each. */
function keysAndValues(
  kv: Tensor2D,
  { heads, keyHeads, size, length }: Pick<TextShape, 'heads' | 'keyHeads' | 'size' | 'length'>,
): readonly [Heads, Heads] {
  const [k, v] = splitParts(kv, 2, { heads: keyHeads, size, length })
  if (!k || !v) throw new Error('keysAndValues: two parts expected')
  return [repeatHeads(k, heads), repeatHeads(v, heads)]
}

/** `[H, 1, P, hd]` to `[H, P, hd]`. */
function ofOne(x: Heads): Tensor3D {
  const [heads, , rows, width] = x.shape
  return reshape(x, [heads, rows, width])
}
