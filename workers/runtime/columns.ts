/** Some columns of a matrix: what one kernel leaves side by side, the next one reads where it stands. */
import { slice, type Tensor2D } from '@tensorflow/tfjs-core'

export type Columns = { readonly x: Tensor2D; readonly from: number; readonly count: number }

export function allColumns(x: Tensor2D): Columns {
  return { x, from: 0, count: x.shape[1] }
}

export function columnsOf(x: Tensor2D, from: number, count: number): Columns {
  return { x, from, count }
}

/** As a matrix of its own: a copy, unless it is one already. */
export function asMatrix({ x, from, count }: Columns): Tensor2D {
  const [rows, width] = x.shape
  return from === 0 && count === width ? x : slice(x, [0, from], [rows, count])
}
