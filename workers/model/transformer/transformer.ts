/** A model's blueprint and weights, and texts through all of its layers. */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import {
  sightOf,
  textAttention,
  textAttentionBackward,
  type SharedKeys,
  type TextAttentionSaved,
  type TextShape,
} from '../../runtime/kernels/attention/rows.ts'
import type { Blueprint } from './blueprint.ts'
import { layerBackward, layerForward, readRows, type Layer, type LayerSaved, type Mix, type ReadRows } from './layer.ts'
import { lastKeys, paysLastKeys } from './lastKeys.ts'
import { normalise, normaliseBackward } from './norm.ts'
import { countFrom, turnedBack, turner, type Turner } from './positions.ts'
import type { WeightSink } from './weightSink.ts'
import type { Weights } from './weights.ts'

export type Transformer = { readonly blueprint: Blueprint; readonly weights: Weights }

/** m texts of T rows. */
export type Texts = {
  /** m. */
  readonly size: number
  /** T. */
  readonly length: number
  /** How many of its text's rows each row sees, `[m·T]`, or `[T]` where that is the same in all texts. */
  readonly seen: Int32Array
  /** The rows of each text that are asked for, as many of each, `[m·R]`; null for all. The last layer then works at these alone. */
  readonly read: { readonly at: Int32Array; readonly seen: Int32Array } | null
  /** Keys and values of a prompt that stands before all texts, by layer. */
  readonly prefix: { readonly rows: number; readonly layers: readonly SharedKeys[] } | null
}

export type TextsGradient = {
  /** Of the prefix's keys and values by layer, `[m·P, 2e]`; empty without one. */
  readonly prefix: readonly Tensor2D[]
  /** Of the rows that came in, `[m·T, d]`; null where it was not asked for. */
  readonly input: Tensor2D | null
  /**
   * In the place of the last layer's: of what its keys and values of the prefix were made of, `[m·P, d]`; null where that
   * was not asked for, or is the longer way.
   */
  readonly lastInputs: Tensor2D | null
}

/** What the way back is for: the prefix by keys and values, or the prompt behind them, or the rows that came in. */
export type Wanted = 'prefix' | 'prompt' | 'input'

export type TextsPass = {
  /** After the final norm, `[m·T, d]`, or `[m·R, d]` at the rows that were asked for. */
  readonly y: Tensor2D
  /** What the layers left. */
  readonly passed: readonly PassedLayer[]
  /** dy to the gradient of what came out of the last layer. */
  finalBackward(dy: Tensor2D, sink?: WeightSink): Tensor2D
  backward(dy: Tensor2D, wanted: Wanted, sink?: WeightSink): TextsGradient
}

export type PassedLayer = {
  readonly layer: Layer
  readonly saved: LayerSaved<TextAttentionSaved>
  readonly turner: Turner | null
  readonly reads: ReadRows | null
}

/** x `[m·T, d]`. To be called inside a `tidy`, and its `backward` too. */
export function textsForward({ blueprint, weights }: Transformer, x: Tensor2D, texts: Texts): TextsPass {
  const { order, heads, keyHeads, headWidth } = blueprint
  const { size, length, read, prefix } = texts
  const first = prefix?.rows ?? 0
  const shape: TextShape = { heads, keyHeads, headWidth, size, length, prefixRows: first }
  const positions = countFrom(first, length)
  const whole = {
    sight: sightOf(shape, texts.seen, length),
    turner: turner(blueprint, { q: positions, kv: positions }),
  }
  const atRead = read && {
    sight: sightOf(shape, read.seen, read.at.length / size),
    turner: turner(blueprint, { q: read.at.map((position) => first + position), kv: positions }),
    reads: readRows(read.at, texts),
  }
  const lastLayer = weights.layers.length - 1
  const passed: PassedLayer[] = []
  let rows = x
  for (const [index, layer] of weights.layers.entries()) {
    const last = index === lastLayer ? atRead : null
    const { sight, turner } = last ?? whole
    const reads = last?.reads ?? null
    const mix: Mix<TextAttentionSaved> = (projections) =>
      textAttention({ projections, prefix: prefix?.layers[index] ?? null, sight }, shape)
    const { y, saved } = layerForward(rows, layer, { order, mix, turner, reads })
    passed.push({ layer, saved, turner, reads })
    rows = y
  }
  const { finalNorm } = weights
  const final = finalNorm && normalise(rows, finalNorm)
  const finalBackward: TextsPass['finalBackward'] = (dy, sink) => {
    if (finalNorm === null || final === null) return dy
    sink?.norm(finalNorm, dy, final.saved)
    return normaliseBackward(dy, final.saved, finalNorm)
  }
  return {
    y: final?.y ?? rows,
    passed,
    finalBackward,
    backward: (dy, wanted, sink) =>
      layersBackward(finalBackward(dy, sink), { order, passed, wanted, sink, prefixRows: first }),
  }
}

function layersBackward(
  dy: Tensor2D,
  pass: {
    readonly order: Blueprint['order']
    readonly passed: readonly PassedLayer[]
    readonly wanted: Wanted
    readonly sink: WeightSink | undefined
    readonly prefixRows: number
  },
): TextsGradient {
  const { order, passed, wanted, sink, prefixRows } = pass
  const prefix: Tensor2D[] = []
  let lastInputs: Tensor2D | null = null
  let dx: Tensor2D | null = dy
  for (const [index, { layer, saved, turner, reads }] of [...passed.entries()].toReversed()) {
    if (dx === null) break
    // What the first layer's texts are does not depend on the prompt.
    const own = index === 0 && wanted !== 'input' ? 'prefix' : 'all'
    dx = layerBackward(dx, saved, layer, {
      order,
      reads,
      sink: sink && { sink, saved },
      unmix: (dOut, attended) => {
        if (reads && wanted === 'prompt' && paysLastKeys(attended, turner)) {
          const { q, inputs } = lastKeys(dOut, attended, layer.projections)
          lastInputs = inputs({ from: 0, count: prefixRows })
          const ofText = { from: prefixRows, count: reads.length }
          return own === 'all' ? { kind: 'through', q, keys: (plus) => inputs(ofText, plus) } : null
        }
        const gradient = textAttentionBackward(dOut, attended, own)
        if (gradient.prefix) prefix.unshift(gradient.prefix)
        return gradient.own && turnedBack(gradient.own, turner)
      },
    })
  }
  return { prefix, input: dx, lastInputs }
}
