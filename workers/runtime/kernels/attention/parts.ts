/** Between rows of concatenated projections and the head-major layout of attention. */
import { concat, slice, type Tensor2D } from '@tensorflow/tfjs-core'
import { mergeHeads, splitHeads, type Heads } from './attention.ts'

export type HeadShape = { readonly heads: number; readonly size: number; readonly length: number }

/** `[m·T, parts·d]` to `parts` tensors `[H, m, T, hd]`. */
export function splitParts(rows: Tensor2D, parts: number, shape: HeadShape): Heads[] {
  const [count, columns] = rows.shape
  const width = columns / parts
  return Array.from({ length: parts }, (_, part) => splitHeads(slice(rows, [0, part * width], [count, width]), shape))
}

/** The way back: tensors `[H, m, T, hd]` side by side, `[m·T, parts·d]`. */
export function mergeParts(parts: readonly Heads[]): Tensor2D {
  return concat(parts.map(mergeHeads), 1)
}
