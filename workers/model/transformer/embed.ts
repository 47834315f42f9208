/** Tokens and soft prompts as the rows that the first layer takes. */
import { tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import type { TokenBatch } from '../types.ts'
import { normalise, type NormSaved } from './norm.ts'
import { tableRows } from './positions.ts'
import type { Transformer } from './transformer.ts'

export type Embedded = { readonly x: Tensor2D; readonly norm: NormSaved | null }

/** `[m·T, d]`; `promptRows` is null without a prompt. */
export function embedTexts(model: Transformer, batch: TokenBatch, promptRows: number | null): Embedded {
  const { width, embeddings } = model.blueprint
  const { tokens } = model.weights.embeddings
  const values = new Float32Array(batch.ids.length * width)
  batch.ids.forEach((id, row) => values.set(tokens.subarray(id * width, (id + 1) * width), row * width))
  return embedRows(model, values, embeddings.positions && tableRows(embeddings.positions, batch, promptRows))
}

/** A prompt's rows `[P, d]`, which stand before the text. */
export function embedPrompt(model: Transformer, prompt: Float32Array): Embedded {
  const { width, embeddings } = model.blueprint
  const { positions } = embeddings
  const rows = positions && Int32Array.from({ length: prompt.length / width }, (_, row) => positions.first + row)
  return embedRows(model, Float32Array.from(prompt), rows)
}

/** Adds positions and type to `values`, in place; then the norm. */
function embedRows(model: Transformer, values: Float32Array, positionRows: Int32Array | null): Embedded {
  const { width } = model.blueprint
  const { positions, type, norm } = model.weights.embeddings
  const count = values.length / width
  for (let row = 0; row < count; row++) {
    if (type) addRow(values, row * width, type)
    const at = (positionRows?.[row] ?? 0) * width
    if (positions) addRow(values, row * width, positions.subarray(at, at + width))
  }
  const x = tensor2d(values, [count, width])
  if (norm === null) return { x, norm: null }
  const normed = normalise(x, norm)
  return { x: normed.y, norm: normed.saved }
}

function addRow(values: Float32Array, offset: number, row: Float32Array): void {
  for (let at = 0; at < row.length; at++) values[offset + at] = (values[offset + at] ?? 0) + (row[at] ?? 0)
}
