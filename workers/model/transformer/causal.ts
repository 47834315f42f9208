/**
 * A causal model and a soft prompt. No prompt row sees the text, so keys and values of every layer are computed once
 * and shared by all texts; the way back is per text, against the same saved activations. The texts' own way back ends
 * at the first layer's attention, and the last layer works at the read positions alone.
 */
import { reshape, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { allColumns } from '../../runtime/columns.ts'
import { ownSeen } from '../../runtime/kernels/attention/masks.ts'
import {
  prefixAttention,
  prefixAttentionBackward,
  sharedKeys,
  sightOf,
  type GradientOf,
  type PrefixAttentionSaved,
  type SharedKeys,
} from '../../runtime/kernels/attention/rows.ts'
import { linearBackward } from '../../runtime/kernels/linear/linear.ts'
import { disposeAll, kept } from '../../runtime/tensors.ts'
import { overTexts } from '../prefixGradient.ts'
import type { Prefix, PrefixGradient, ReadPass, TokenBatch } from '../types.ts'
import { embedPrompt, embedTexts } from './embed.ts'
import { headInput } from './head.ts'
import { layerBackward, layerForward, sharedSaved, type LayerSaved } from './layer.ts'
import { normaliseBackward, type NormSaved } from './norm.ts'
import { countFrom, keysBack, turnedBack, turner } from './positions.ts'
import { projectKeys } from './project.ts'
import { promptGradient } from './promptGradient.ts'
import { textsForward, type Transformer } from './transformer.ts'

export type SavedLayer =
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
    const ofRows = turner(blueprint, { q: positions, kv: positions })
    return weights.layers.map((layer, index): { keys: SharedKeys; saved: SavedLayer } => {
      if (index === weights.layers.length - 1) {
        const { kv, norm } = projectKeys(x, layer.projections, { norm: layer.norm1, turner: ofRows })
        const keys = sharedKeys(allColumns(kv), shape)
        return { keys, saved: { kind: 'keys', norm1: norm } }
      }
      const { y, saved } = layerForward<PrefixAttentionSaved & { readonly keys: SharedKeys }>(x, layer, {
        order,
        turner: ofRows,
        mix: (projections) => {
          const { out, keys, saved } = prefixAttention(projections, sight, shape)
          return { out, saved: { ...saved, keys } }
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
  const backward: ReadPass['backward'] = (dHidden) => pass.backward(head.backward(dHidden), 'prefix').prefix
  const together = (dHidden: Tensor2D, of: GradientOf): Tensor3D | null => {
    const dy = pass.finalBackward(head.backward(dHidden))
    return promptGradient(model, { dy, prefix: given(prefix), texts: pass.passed, batch, of })
  }
  const apart = (dHidden: Tensor2D): Tensor3D => {
    const gradient = pass.backward(head.backward(dHidden), 'prompt')
    return causalPrefixBackward(model, given(prefix), gradient.prefix, gradient.lastInputs)
  }
  return {
    state: pass.y,
    hidden: head.y,
    backward,
    promptGradient: (dHidden) => together(dHidden, 'each') ?? apart(dHidden),
    promptSum(dHidden, way) {
      const own = way === 'prompt' ? together(dHidden, 'sum') : null
      if (own) return { prompt: reshape(own, [own.shape[1], own.shape[2]]), prefix: null }
      return { prompt: null, prefix: overTexts(backward(dHidden), given(prefix).rows) }
    },
  }
}

function given(prefix: CausalPrefix | null): CausalPrefix {
  if (prefix === null) throw new Error('causalRead: the way back needs a prompt')
  return prefix
}

/**
 * Gradient with respect to the prompt, `[m, P, d]`, from those of keys and values by layer; `lastInputs` `[m·P, d]` is, in
 * the place of the last layer's, that of what they were made of. To be called inside a `tidy`.
 */
export function causalPrefixBackward(
  { blueprint, weights }: Transformer,
  prefix: CausalPrefix,
  gradient: PrefixGradient,
  lastInputs: Tensor2D | null = null,
): Tensor3D {
  const { order, keyHeads } = blueprint
  const positions = countFrom(0, prefix.rows)
  const ofRows = turner(blueprint, { q: positions, kv: positions })
  let dx: Tensor2D | null = null
  for (const [index, layer] of [...weights.layers.entries()].toReversed()) {
    const passed = prefix.saved[index]
    const arriving = () => required(gradient[index], index)
    if (passed?.kind === 'keys') {
      const dKeys = lastInputs ?? linearBackward(allColumns(keysBack(arriving(), ofRows)), layer.projections.kv)
      dx = normaliseBackward(dKeys, passed.norm1, layer.norm1)
    } else {
      if (!passed || dx === null) throw new Error('causalPrefixBackward: the last layer gives keys alone')
      dx = layerBackward(dx, passed.saved, layer, {
        order,
        unmix: (dOut, saved) =>
          turnedBack(prefixAttentionBackward(dOut, saved, { arriving: arriving(), keyHeads }), ofRows),
      })
    }
  }
  if (!dx) throw new Error('causalPrefixBackward: the model has no layers')
  const [count, width] = dx.shape
  return reshape(dx, [count / prefix.rows, prefix.rows, width])
}

function required(gradient: Tensor2D | undefined, layer: number): Tensor2D {
  if (!gradient) throw new Error(`causalPrefixBackward: no gradient for layer ${layer}`)
  return gradient
}
