/**
 * Rows through a causal model one part after the other: keys and values of what was read stay, so that each part is
 * computed once. A cache is never changed, only gone on from, so texts can share that of their prompt.
 */
import { concat, slice, type Tensor2D } from '@tensorflow/tfjs-core'
import { ownSeen } from '../../runtime/kernels/attention/masks.ts'
import { sightOf, textAttention, type TextShape } from '../../runtime/kernels/attention/rows.ts'
import { partsOf } from '../../runtime/kernels/attention/projections.ts'
import { allColumns, asMatrix } from '../../runtime/columns.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { disposeAll, kept } from '../../runtime/tensors.ts'
import type { ReadOn, ReadSoFar, TextPart } from '../types.ts'
import { embedPrompt, embedTexts } from './embed.ts'
import { layerForward } from './layer.ts'
import { normalise } from './norm.ts'
import { countFrom, turner } from './positions.ts'
import type { Transformer } from './transformer.ts'

export class KeyCache implements ReadSoFar {
  readonly rows: number
  /** Keys beside values by layer, turned to their positions, `[rows, 2e]`; empty before the first part. */
  readonly layers: readonly Tensor2D[]

  constructor(rows: number, layers: readonly Tensor2D[]) {
    this.rows = rows
    this.layers = layers
  }

  dispose(): void {
    disposeAll(this.layers)
  }
}

/** @throws SoftpostError `text-too-long` beyond the model's context. */
export function extendCache(model: Transformer, before: KeyCache | null, part: TextPart): ReadOn {
  const { blueprint, weights } = model
  const { order, heads, keyHeads, headWidth, contextLength, width } = blueprint
  const length = 'ids' in part ? part.ids.length : part.prompt.length / width
  const first = before?.rows ?? 0
  if (first + length > contextLength) {
    throw new SoftpostError('text-too-long', `the model reads ${contextLength} tokens at most; shorten the text`, {
      data: { contextLength },
    })
  }
  const { layers, hidden } = kept(() => {
    const shape: TextShape = { heads, keyHeads, headWidth, size: 1, length, prefixRows: first }
    const sight = sightOf(shape, ownSeen(length), length)
    const positions = countFrom(first, length)
    const ofRows = turner(blueprint, { q: positions, kv: positions })
    let x = embedPart(model, part, first)
    const layers = weights.layers.map((layer, index) => {
      const known = before?.layers[index]
      const { y, saved } = layerForward(x, layer, {
        order,
        turner: ofRows,
        mix: (projections) => {
          const prefix = known ? ({ kind: 'rows', kv: allColumns(known) } as const) : null
          const { out } = textAttention({ projections, prefix, sight }, shape)
          return { out, saved: asMatrix(partsOf(projections, heads * headWidth).kv) }
        },
      })
      x = y
      return known ? concat<Tensor2D>([known, saved.attention]) : saved.attention
    })
    const last: Tensor2D = slice(x, [length - 1, 0], [1, width])
    return { layers, hidden: weights.finalNorm ? normalise(last, weights.finalNorm).y : last }
  })
  return { soFar: new KeyCache(first + length, layers), hidden }
}

function embedPart(model: Transformer, part: TextPart, rowsBefore: number): Tensor2D {
  if ('prompt' in part) return embedPrompt(model, part.prompt).x
  const { length } = part.ids
  const batch = {
    ids: Int32Array.from(part.ids),
    size: 1,
    length,
    lengths: Int32Array.of(length),
    read: Int32Array.of(length - 1),
  }
  return embedTexts(model, batch, rowsBefore).x
}
