/**
 * The gradient of a causal model's prompt, with the prompt's rows and the texts' going back through a layer together. Of
 * each text its own: rows are `[m·(P + T), d]`, of which the prompt's activations were computed once. Or their sum: the
 * way back is linear, so the prompt's rows stand but once before those of all texts, `[P + m·T, d]`, as if these were one
 * sequence. What the two ways of `causal.ts` do one after the other, in half as many kernels; where all activations lie
 * as own kernels leave them.
 */
import { reshape, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import {
  lastAttentionBackward,
  sequenceAttentionBackward,
  type GradientOf,
  type PrefixAttentionSaved,
  type RowsAttended,
} from '../../runtime/kernels/attention/rows.ts'
import { hasWgslRope } from '../../runtime/kernels/rope/wgsl.ts'
import type { TokenBatch } from '../types.ts'
import type { CausalPrefix } from './causal.ts'
import { layerBackward, readRows, type BackwardSaved, type LayerSaved, type ReadRows } from './layer.ts'
import { lastKeys, paysLastKeys } from './lastKeys.ts'
import { mlpBehindShared } from './mlp.ts'
import { normBehindShared, type NormSaved } from './norm.ts'
import { countFrom, queriesBack, turner } from './positions.ts'
import type { PassedLayer, Transformer } from './transformer.ts'

export type Sequences = {
  readonly dy: Tensor2D
  readonly prefix: CausalPrefix
  readonly texts: readonly PassedLayer[]
  readonly batch: TokenBatch
  readonly of: GradientOf
}

/**
 * `[m, P, d]`, or `[1, P, d]` of the sum, from dy `[m·R, d]`, of what came out of the last layer at the texts' read
 * positions; null where activations lie otherwise: a question of model, backend and lengths alone.
 */
export function promptGradient(model: Transformer, { dy, prefix, texts, batch, of }: Sequences): Tensor3D | null {
  const { blueprint } = model
  const { rows } = prefix
  const { size, each, reads } = rowsOf(batch, rows, of)
  const layers = texts.map((text, index) => together(text, prefix, index))
  const [last, ...below] = layers.toReversed()
  if (last?.kind !== 'last' || below.length === 0) return null
  // A text's rows follow those of the prompt.
  const positions = countFrom(0, rows + batch.length)
  const turning = turner(blueprint, { q: positions, kv: positions })
  if (turning && !hasWgslRope(turning.all)) return null
  let dx = layerBackward(dy, last.saved, last.text.layer, {
    order: blueprint.order,
    reads,
    unmix(dOut, attended) {
      if (of === 'each' && paysLastKeys(attended, turning)) {
        const { q, inputs } = lastKeys(dOut, attended, last.text.layer.projections)
        return { kind: 'through', q, keys: (plus) => inputs({ from: 0, count: each }, plus) }
      }
      const { q, kv } = lastAttentionBackward(dOut, attended, { of, angles: turning?.keys.angles })
      return { kind: 'apart', q: queriesBack(q, last.text.turner), kv }
    },
  })
  for (const [index, layer] of below.entries()) {
    if (layer?.kind !== 'whole' || dx === null) return null
    // What the first layer's texts are does not depend on the prompt.
    const first = index === below.length - 1
    dx = layerBackward(dx, first ? layer.ofPrompt : layer.saved, layer.text.layer, {
      order: blueprint.order,
      unmix(dOut, attended) {
        const which = first ? 'prefix' : 'all'
        return {
          kind: 'joint',
          qkv: sequenceAttentionBackward(dOut, attended, { which, of, angles: turning?.all.angles }),
        }
      },
      ...(first && { each }),
    })
  }
  return dx && reshape(dx, [size, rows, dx.shape[1]])
}

type GradientRows = {
  /** Sequences, and rows of each. */
  readonly size: number
  readonly each: number
  readonly reads: ReadRows
}

function rowsOf({ size, length, read }: TokenBatch, rows: number, of: GradientOf): GradientRows {
  if (of === 'each') {
    const each = rows + length
    const reads = readRows(
      read.map((position) => rows + position),
      { size, length: each },
    )
    return { size, each, reads }
  }
  const each = rows + size * length
  const reads = readRows(
    read.map((position, at) => rows + Math.floor((at * size) / read.length) * length + position),
    { size: 1, length: each },
  )
  return { size: 1, each, reads }
}

type Attended = { readonly text: RowsAttended; readonly prefix: RowsAttended<PrefixAttentionSaved> }

type Together =
  | { readonly kind: 'last'; readonly text: PassedLayer; readonly saved: BackwardSaved<RowsAttended> }
  | {
      readonly kind: 'whole'
      readonly text: PassedLayer
      readonly saved: BackwardSaved<Attended>
      /** With what its first norm left of the prompt's rows alone. */
      readonly ofPrompt: BackwardSaved<Attended>
    }

/** What a layer left of the prompt and of the texts as one; null where it cannot be. */
function together(text: PassedLayer, prefix: CausalPrefix, index: number): Together | null {
  const own = text.saved
  const shared = prefix.saved[index]
  if (!shared || own.attention.kind !== 'rows' || text.layer.projections.qkv === null) return null
  if (shared.kind === 'keys') {
    const norm1 = normBehindShared(shared.norm1, own.norm1)
    if (norm1 === null) return null
    return { kind: 'last', text, saved: { ...own, norm1, attention: own.attention } }
  }
  return wholeLayer(text, shared.saved, own.attention)
}

function wholeLayer(
  text: PassedLayer,
  shared: LayerSaved<PrefixAttentionSaved>,
  attention: RowsAttended,
): Together | null {
  const own = text.saved
  const norms = normsOf(shared.norm1, own.norm1)
  const norm2 = normBehindShared(shared.norm2, own.norm2)
  const mlp = mlpBehindShared(shared.mlp, own.mlp)
  if (shared.attention.kind !== 'rows' || norms === null || norm2 === null || mlp === null) return null
  const rest = { attention: { text: attention, prefix: shared.attention }, norm2, mlp }
  return {
    kind: 'whole',
    text,
    saved: { ...rest, norm1: norms.all },
    ofPrompt: { ...rest, norm1: norms.ofPrompt },
  }
}

function normsOf(shared: NormSaved, own: NormSaved): { readonly all: NormSaved; readonly ofPrompt: NormSaved } | null {
  const [all, ofPrompt] = [normBehindShared(shared, own), normBehindShared(shared, null)]
  return all && ofPrompt && { all, ofPrompt }
}
