/**
 * Attention on the rows of the projections of m texts of T tokens: own kernels on a GPU, else attention.ts and
 * sharedAttention.ts, whose head-major layout the rows are brought into.
 *
 * H heads of width hd share K heads of keys and values, each of them H/K that follow each other (grouped queries); in
 * most models K is H. d below is H·hd, and e is K·hd.
 */
import {
  add,
  concat,
  reshape,
  softmax,
  tensor1d,
  tensor4d,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core'
import { allColumns, asMatrix, columnsOf, type Columns } from '../../columns.ts'
import { products } from '../products.ts'
import {
  attention,
  attentionBackward,
  attentionFactors,
  mergeHeads,
  splitHeads,
  type AttentionSaved,
  type Heads,
  type PrefixKeyValues,
} from './attention.ts'
import { keyVectors, type FactorShape, type KeyFactors } from './keyFactors.ts'
import { seenMask } from './masks.ts'
import { mergeParts, repeatHeads, splitParts, sumHeads } from './parts.ts'
import { partsOf, type Projections } from './projections.ts'
import { sharedAttentionBackward, type SharedAttentionSaved } from './sharedAttention.ts'
import {
  hasWgslAttention,
  wgslAttention,
  wgslGradient,
  wgslKeyCoefficients,
  wgslKeyGradient,
  wgslQueryGradient,
  type GradientInput,
  type GradientOf,
  type RowsInput,
} from './wgsl/attention.ts'

/** Keys and values of a layer that all texts share, `[P, 2e]`, in the layout that the backend wants. */
export type SharedKeys =
  | { readonly kind: 'rows'; readonly kv: Columns }
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

export type { GradientOf } from './wgsl/attention.ts'

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
export function sharedKeys(kv: Columns, shape: TextShape): SharedKeys {
  if (usesWgsl(shape)) return { kind: 'rows', kv }
  return { kind: 'heads', kv: prefixHeads(asMatrix(kv), shape) }
}

/** `[P, 2e]` to heads `[H, P, hd]`. */
function prefixHeads(kv: Tensor2D, shape: HeadCounts): PrefixKeyValues {
  const [k, v] = keysAndValues(kv, { ...shape, size: 1, length: kv.shape[0] })
  return { k: ofOne(k), v: ofOne(v) }
}

export type TextAttentionSaved =
  /** `out` is that of {@link wgslAttention}. */
  | { readonly kind: 'rows'; readonly input: RowsInput; readonly out: Tensor2D; readonly size: number }
  | { readonly kind: 'heads'; readonly saved: AttentionSaved; readonly shape: TextShape; readonly queries: number }

/** Projections of m·Tq queries, scaled by 1/√hd, and of m·T keys and values, to `[m·Tq, d]`. */
export function textAttention(
  { projections, prefix, sight }: { projections: Projections; prefix: SharedKeys | null; sight: Sight },
  shape: TextShape,
): { readonly out: Columns; readonly saved: TextAttentionSaved } {
  const { heads, keyHeads, size, length } = shape
  const width = heads * shape.headWidth
  const { q, kv } = partsOf(projections, width)
  const queries = q.x.shape[0] / size
  if (sight.kind === 'counts') {
    // A prefix that is too long for the kernels makes every text too long for them.
    if (prefix?.kind === 'heads') throw new Error('textAttention: the prefix has another layout')
    const input = { heads, keyHeads, q, kv, prefix: prefix?.kv ?? null, seen: sight.counts, queries, length }
    const out = wgslAttention(input)
    return { out: columnsOf(out, 0, width), saved: { kind: 'rows', input, out, size } }
  }
  const [k, v] = keysAndValues(asMatrix(kv), shape)
  const shared = prefix?.kind === 'rows' ? prefixHeads(asMatrix(prefix.kv), shape) : (prefix?.kv ?? null)
  const heads_ = splitHeads(asMatrix(q), { heads, size, length: queries })
  const { out, saved } = attention({ q: heads_, k, v, prefix: shared, mask: sight.mask })
  return { out: allColumns(mergeHeads(out)), saved: { kind: 'heads', saved, shape, queries } }
}

export type RowsGradient = {
  /** Of the prefix's keys and values, text after text, `[m·P, 2e]`; null without a prefix. */
  readonly prefix: Tensor2D | null
  /** Of the texts' own projections; null where only the prefix was asked for. */
  readonly own: Projections | null
}

/**
 * dOut `[m·Tq, d]`. `wanted: 'prefix'` is for the first layer, whose texts' inputs do not depend on the prompt.
 */
export function textAttentionBackward(
  dOut: Tensor2D,
  attended: TextAttentionSaved,
  wanted: 'prefix' | 'all',
): RowsGradient {
  if (attended.kind === 'rows') {
    const { input, out, size } = attended
    const given: GradientInput = { ...input, out, size, dOut, of: 'each', prefixQueries: null }
    return {
      prefix: input.prefix && wgslKeyGradient('prefix', given),
      own: wanted === 'all' ? ownGradient(given) : null,
    }
  }
  const { saved, shape, queries } = attended
  const { heads, keyHeads, size } = shape
  const { prefixK, prefixV, own } = attentionBackward(splitHeads(dOut, { heads, size, length: queries }), saved, wanted)
  const merged = (k: Heads, v: Heads): Tensor2D => mergeParts([sumHeads(k, keyHeads), sumHeads(v, keyHeads)])
  return {
    prefix: prefixK && prefixV && merged(prefixK, prefixV),
    own: own && { kind: 'apart', q: mergeHeads(own.q), kv: merged(own.k, own.v) },
  }
}

/** What {@link textFactors} are made of. */
export function factorShape(attended: TextAttentionSaved): FactorShape {
  if (attended.kind === 'rows') {
    const { heads, keyHeads, q, prefix, length, queries } = attended.input
    return { heads, keyHeads, headWidth: q.count / heads, queries, keys: (prefix?.x.shape[0] ?? 0) + length }
  }
  const { shape, queries } = attended
  const { heads, keyHeads, headWidth, prefixRows, length } = shape
  return { heads, keyHeads, headWidth, queries, keys: prefixRows + length }
}

/**
 * dOut `[m·Tq, d]` to the queries' gradient alike, and to that of the keys and values of the prefix and then of the text,
 * in factors. For keys that are not turned by their positions, or each vector would be another one for each key.
 */
export function textFactors(
  dOut: Tensor2D,
  attended: TextAttentionSaved,
): { readonly q: Tensor2D; readonly keys: KeyFactors } {
  const shape = factorShape(attended)
  if (attended.kind === 'rows') {
    const { input, out, size } = attended
    const given: GradientInput = { ...input, out, size, dOut, of: 'each', prefixQueries: null }
    const keys = { coefficients: wgslKeyCoefficients(given), vectors: keyVectors(asMatrix(input.q), dOut, shape) }
    return { q: wgslQueryGradient(given), keys }
  }
  const { saved, queries } = attended
  const { heads, size } = attended.shape
  const { q, coefficients } = attentionFactors(splitHeads(dOut, { heads, size, length: queries }), saved)
  return { q: mergeHeads(q), keys: { coefficients, vectors: keyVectors(mergeHeads(saved.q), dOut, shape) } }
}

function ownGradient(given: GradientInput): Projections {
  if (given.q.x === given.kv.x) return { kind: 'joint', qkv: wgslGradient('own', given) }
  return { kind: 'apart', q: wgslQueryGradient(given), kv: wgslKeyGradient('own', given) }
}

export type PrefixAttentionSaved =
  | { readonly kind: 'rows'; readonly input: RowsInput; readonly out: Tensor2D }
  | { readonly kind: 'heads'; readonly saved: SharedAttentionSaved }

export type AttendedPrefix = {
  readonly out: Columns
  /** For the texts behind it. */
  readonly keys: SharedKeys
  readonly saved: PrefixAttentionSaved
}

/** A prefix's causal attention over itself: projections of its P rows, queries scaled by 1/√hd, to `[P, d]`. */
export function prefixAttention(projections: Projections, sight: Sight, shape: TextShape): AttendedPrefix {
  const { heads, keyHeads, headWidth, length: rows } = shape
  const width = heads * headWidth
  if (sight.kind === 'counts') {
    // The way back wants them side by side.
    const { q, kv } = partsOf(side(projections), width)
    const input = { heads, keyHeads, q, kv, prefix: null, seen: sight.counts, queries: rows, length: rows }
    const out = wgslAttention(input)
    return { out: columnsOf(out, 0, width), keys: { kind: 'rows', kv }, saved: { kind: 'rows', input, out } }
  }
  const { q, kv } = partsOf(projections, width)
  const keys = { kind: 'heads', kv: prefixHeads(asMatrix(kv), shape) } as const
  const { k, v } = keys.kv
  const queries = ofOne(splitHeads(asMatrix(q), { heads, size: 1, length: rows }))
  const mask: Tensor3D = reshape(sight.mask, [1, rows, rows])
  const probabilities: Tensor3D = softmax(add<Tensor3D>(products(queries, k, 'b'), mask))
  const mixed: Heads = reshape(products(probabilities, v), [heads, 1, rows, headWidth])
  const saved = { q: queries, k, v, probabilities }
  return { out: allColumns(mergeHeads(mixed)), keys, saved: { kind: 'heads', saved } }
}

function side(projections: Projections): Projections {
  if (projections.kind === 'joint') return projections
  return { kind: 'joint', qkv: concat([projections.q, projections.kv], 1) }
}

/**
 * m gradients against the one pass saved: dOut `[m·P, d]` to the projections' `[m·P, ·]`, those of keys and values with
 * `arriving` `[m·P, 2e]`, what texts send to them, added.
 */
export function prefixAttentionBackward(
  dOut: Tensor2D,
  attended: PrefixAttentionSaved,
  { arriving, keyHeads }: { readonly arriving: Tensor2D } & Pick<HeadCounts, 'keyHeads'>,
): Projections {
  if (attended.kind === 'rows') {
    const { input, out } = attended
    const qkv = wgslGradient('prefix', {
      // Of the prefix's rows alone: there are no texts.
      ...input,
      prefix: input.kv,
      queries: 0,
      length: 0,
      out,
      size: dOut.shape[0] / input.length,
      dOut,
      of: 'each',
      prefixQueries: { q: input.q, out },
      plus: arriving,
    })
    return { kind: 'joint', qkv }
  }
  const { saved } = attended
  const [heads, rows] = saved.q.shape
  const size = dOut.shape[0] / rows
  const own = sharedAttentionBackward(splitHeads(dOut, { heads, size, length: rows }), saved)
  const kv = mergeParts([sumHeads(own.k, keyHeads), sumHeads(own.v, keyHeads)])
  return { kind: 'apart', q: mergeHeads(own.q), kv: add(kv, arriving) }
}

/** Of whom, and the angles of all places by which queries and keys were turned; their gradients are turned back. */
export type SequenceGradient = { readonly of: GradientOf; readonly angles: Tensor2D | undefined }

/**
 * Of a prefix and the texts behind it at once. Each text's own gradient: dOut `[m·(P + T), d]` to the projections' of all
 * rows, or of the prefix's rows `[m·P, ·]` alone. Or the prefix's summed over the texts: `[P + m·T, d]` to that of all
 * rows, or `[P, ·]`.
 */
export function sequenceAttentionBackward(
  dOut: Tensor2D,
  { text, prefix }: { readonly text: RowsAttended; readonly prefix: RowsAttended<PrefixAttentionSaved> },
  { which, ...how }: { readonly which: 'prefix' | 'all' } & SequenceGradient,
): Tensor2D {
  const prefixQueries = { q: prefix.input.q, out: prefix.out }
  return wgslGradient(which, { ...text.input, out: text.out, size: text.size, dOut, ...how, prefixQueries })
}

/** What own kernels left, of the one kind or the other. */
export type RowsAttended<S extends { readonly kind: string } = TextAttentionSaved> = Extract<S, { kind: 'rows' }>

/**
 * Of the last layer, where R rows of each text have a query and the prefix's have none: dOut `[m·R, d]` to the queries',
 * as they were turned, and to those of keys beside values of all rows, `[m·(P + T), 2e]`, or `[P + m·T, 2e]` with the prefix's summed.
 */
export function lastAttentionBackward(
  dOut: Tensor2D,
  { input, out, size }: RowsAttended,
  how: SequenceGradient,
): { readonly q: Tensor2D; readonly kv: Tensor2D } {
  const given: GradientInput = { ...input, out, size, dOut, of: how.of, prefixQueries: null }
  return { q: wgslQueryGradient(given), kv: wgslKeyGradient('all', { ...given, angles: how.angles }) }
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
