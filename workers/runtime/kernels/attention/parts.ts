/** Between rows of concatenated projections and the head-major layout of attention. */
import { concat, reshape, slice, sum, tile, type Rank, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
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

/** `[K, m, T, hd]` to `[H, m, T, hd]`: each head as often as queries share it, one after the other. */
export function repeatHeads(x: Heads, heads: number): Heads {
  const [keyHeads, size, length, width] = x.shape
  if (keyHeads === heads) return x
  const apart: Tensor3D = reshape(x, [keyHeads, 1, size * length * width])
  return reshape(tile(apart, [1, heads / keyHeads, 1]), [heads, size, length, width])
}

/** The way back: `[H, m, T, hd]` to `[K, m, T, hd]`, summed over the heads that shared. */
export function sumHeads(x: Heads, keyHeads: number): Heads {
  const [heads, size, length, width] = x.shape
  if (keyHeads === heads) return x
  const apart = reshape<Rank.R3>(x, [keyHeads, heads / keyHeads, size * length * width])
  return reshape(sum(apart, 1), [keyHeads, size, length, width])
}
