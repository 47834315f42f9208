/**
 * A causal model and a soft prompt. No prompt row sees the text, so keys and values of every layer are computed once
 * and shared by all texts; the way back is per text, against the same saved activations. The texts' own way back ends
 * at the first layer's attention, and the last layer works at the read positions alone.
 */
import { reshape, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { ownSeen } from '../../runtime/kernels/attention/masks.ts'
import {
  prefixAttention,
  prefixAttentionBackward,
  sharedKeys,
  sightOf,
  type PrefixAttentionSaved,
  type SharedKeys,
} from '../../runtime/kernels/attention/rows.ts'
import { linear, linearBackward } from '../../runtime/kernels/linear/linear.ts'
import { disposeAll, kept } from '../../runtime/tensors.ts'
import type { Prefix, PrefixGradient, ReadPass, TokenBatch } from '../types.ts'
import { embedPrompt, embedTexts } from './embed.ts'
import { headInput } from './head.ts'
import { layerBackward, layerForward, sharedSaved, type LayerSaved } from './layer.ts'
import { normalise, normaliseBackward, type NormSaved } from './norm.ts'
import { countFrom, turner } from './positions.ts'
import { textsForward, type Transformer } from './transformer.ts'

type SavedLayer =
  | { readonly kind: 'whole'; readonly saved: LayerSaved<PrefixAttentionSaved> }
  /** The last layer, whose outputs at prompt rows nobody reads. */
  | { readonly kind: 'keys'; readonly norm1: NormSaved }

export class CausalPrefix implements Prefix {
  readonly rows: number
  /** By layer. */
  readonly layers: readonly SharedKeys[]
  readonly saved: readonly SavedLayer[]

  constructor(rows: number, layers: readonly { readonly keys: SharedKeys; readonly saved: SavedLayer }[]) {
    this.rows = rows
    this.layers = layers.map(({ keys }) => keys)
    this.saved = layers.map(({ saved }) => saved)
  }

  dispose(): void {
    disposeAll([this.layers, this.saved])
  }
}

/** `prompt` is `[P, d]`, row by row. */
export function causalPrefix(model: Transformer, prompt: Float32Array, rows: number): CausalPrefix {
  const { blueprint, weights } = model
  const { order, heads, keyHeads, headWidth } = blueprint
  if (order !== 'pre') throw new Error('causalPrefix: norms behind the halves are not known of causal models')
  const layers = kept(() => {
    let { x } = embedPrompt(model, prompt)
    const shape = { heads, keyHeads, headWidth, size: 1, length: rows, prefixRows: 0 }
    const sight = sightOf(shape, ownSeen(rows), rows)
    const positions = countFrom(0, rows)
    const turn = turner(blueprint, { q: positions, kv: positions })
    return weights.layers.map((layer, index): { keys: SharedKeys; saved: SavedLayer } => {
      if (index === weights.layers.length - 1) {
        const normed = normalise(x, layer.norm1)
        const keys = sharedKeys(turn.kv(linear(normed.y, layer.kv), 1), shape)
        return { keys, saved: { kind: 'keys', norm1: normed.saved } }
      }
      const { y, saved } = layerForward<PrefixAttentionSaved & { readonly keys: SharedKeys }>(x, layer, {
        order,
        mix: (q, kv) => {
          const keys = sharedKeys(turn.kv(kv, 1), shape)
          const mixed = prefixAttention(turn.q(q, 1), keys, sight, shape)
          return { out: mixed.out, saved: { ...mixed.saved, keys } }
        },
      })
      x = y
      return { keys: saved.attention.keys, saved: { kind: 'whole', saved: sharedSaved(saved) } }
    })
  })
  return new CausalPrefix(rows, layers)
}

/** To be called inside a `tidy`, and its `backward` too. */
export function causalRead(model: Transformer, batch: TokenBatch, prefix: CausalPrefix | null): ReadPass {
  const { size, length, read } = batch
  const { x } = embedTexts(model, batch, prefix?.rows ?? null)
  const pass = textsForward(model, x, {
    size,
    length,
    prefix,
    seen: ownSeen(length),
    read: { at: read, seen: read.map((position) => position + 1) },
  })
  const head = headInput(model, pass.y)
  return {
    state: pass.y,
    hidden: head.y,
    backward: (dHidden) => pass.backward(head.backward(dHidden), 'prefix').prefix,
  }
}

/** Gradient with respect to the prompt, `[m, P, d]`. To be called inside a `tidy`. */
export function causalPrefixBackward(
  { blueprint, weights }: Transformer,
  prefix: CausalPrefix,
  gradient: PrefixGradient,
): Tensor3D {
  const { order, heads, keyHeads } = blueprint
  const positions = countFrom(0, prefix.rows)
  const turn = turner(blueprint, { q: positions, kv: positions })
  let dx: Tensor2D | null = null
  for (const [index, layer] of [...weights.layers.entries()].toReversed()) {
    const [passed, arriving] = [prefix.saved[index], gradient[index]]
    if (!passed || !arriving) throw new Error(`causalPrefixBackward: no gradient for layer ${index}`)
    if (passed.kind === 'keys' || dx === null) {
      if (passed.kind !== 'keys') throw new Error('causalPrefixBackward: the last layer gives keys alone')
      dx = normaliseBackward(linearBackward(turn.kv(arriving, -1), layer.kv), passed.norm1, layer.norm1)
    } else {
      dx = layerBackward(dx, passed.saved, layer, {
        order,
        unmix: (dOut, saved) => {
          const { q, kv } = prefixAttentionBackward(dOut, saved, { arriving, heads, keyHeads })
          return { q: turn.q(q, -1), kv: turn.kv(kv, -1) }
        },
      })
    }
  }
  if (!dx) throw new Error('causalPrefixBackward: the model has no layers')
  const [count, width] = dx.shape
  return reshape(dx, [count / prefix.rows, prefix.rows, width])
}
