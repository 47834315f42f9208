/**
 * A masked model and a soft prompt. Every row sees every other, so prompt and text go through all layers together, text
 * by text; shared is the embedded prompt alone. The last layer works at the read positions alone.
 */
import { concat, reshape, slice, tile, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { disposeAll, kept } from '../../runtime/tensors.ts'
import { overTexts } from '../prefixGradient.ts'
import type { Prefix, PrefixGradient, ReadPass, TokenBatch } from '../types.ts'
import { embedPrompt, embedTexts, type Embedded } from './embed.ts'
import { headInput } from './head.ts'
import { normaliseBackward } from './norm.ts'
import { textsForward, type Transformer } from './transformer.ts'

export class MaskedPrefix implements Prefix {
  readonly rows: number
  readonly embedded: Embedded

  constructor(rows: number, embedded: Embedded) {
    this.rows = rows
    this.embedded = embedded
  }

  dispose(): void {
    disposeAll(this.embedded)
  }
}

/** `prompt` is `[P, d]`, row by row. */
export function maskedPrefix(model: Transformer, prompt: Float32Array, rows: number): MaskedPrefix {
  return new MaskedPrefix(
    rows,
    kept(() => embedPrompt(model, prompt)),
  )
}

/** To be called inside a `tidy`, and its `backward` too. */
export function maskedRead(model: Transformer, batch: TokenBatch, prefix: MaskedPrefix | null): ReadPass {
  const { size, lengths } = batch
  const promptRows = prefix?.rows ?? 0
  const length = promptRows + batch.length
  const { x } = embedTexts(model, batch, prefix && promptRows)
  const seen = lengths.map((count) => promptRows + count)
  const pass = textsForward(model, prefix ? behind(prefix.embedded.x, x, size) : x, {
    size,
    length,
    prefix: null,
    seen: Int32Array.from({ length: size * length }, (_, row) => seen[Math.floor(row / length)] ?? 0),
    read: {
      at: batch.read.map((position) => promptRows + position),
      seen: batch.read.map((_, row) => seen[Math.floor((row * size) / batch.read.length)] ?? 0),
    },
  })
  const head = headInput(model, pass.y)
  const backward: ReadPass['backward'] = (dHidden) => {
    const { input } = pass.backward(head.backward(dHidden), 'input')
    if (!input || !prefix) throw new Error('maskedRead: the way back needs a prompt')
    return [promptPart(input, { size, length, promptRows })]
  }
  return {
    state: pass.y,
    hidden: head.y,
    backward,
    promptGradient(dHidden) {
      const gradient = backward(dHidden)
      if (!prefix) throw new Error('maskedRead: the way back needs a prompt')
      return maskedPrefixBackward(model, prefix, gradient)
    },
    promptSum: (dHidden) => ({ prompt: null, prefix: overTexts(backward(dHidden), promptRows) }),
  }
}

/** Gradient with respect to the prompt, `[m, P, d]`. To be called inside a `tidy`. */
export function maskedPrefixBackward(
  { weights }: Transformer,
  { rows, embedded }: MaskedPrefix,
  gradient: PrefixGradient,
): Tensor3D {
  const [arriving] = gradient
  if (!arriving) throw new Error('maskedPrefixBackward: no gradient')
  const { norm } = weights.embeddings
  const dx = norm && embedded.norm ? normaliseBackward(arriving, embedded.norm, norm) : arriving
  const [count, width] = dx.shape
  return reshape(dx, [count / rows, rows, width])
}

/** The prompt `[P, d]` before each of m texts `[m·T, d]`: `[m·(P+T), d]`. */
function behind(prompt: Tensor2D, texts: Tensor2D, size: number): Tensor2D {
  const [rows, width] = prompt.shape
  const length = texts.shape[0] / size
  const prompts = tile(reshape<Tensor3D['rankType']>(prompt, [1, rows, width]), [size, 1, 1])
  const each: Tensor3D = reshape(texts, [size, length, width])
  return reshape(concat([prompts, each], 1), [size * (rows + length), width])
}

/** The way back: `[m·(P+T), d]` to `[m·P, d]`. */
function promptPart(
  rows: Tensor2D,
  { size, length, promptRows }: { readonly size: number; readonly length: number; readonly promptRows: number },
): Tensor2D {
  const width = rows.shape[1]
  const each: Tensor3D = reshape(rows, [size, length, width])
  return reshape(slice(each, [0, 0, 0], [size, promptRows, width]), [size * promptRows, width])
}
