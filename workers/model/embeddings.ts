/** Rows of an embedding matrix `[V, d]` kept on the CPU. */
import { SoftpostError } from '../protocol/errors.ts'

/** The rows of `ids`, `[n, d]`. Errors: `tokenizer` for an id that the matrix lacks. */
export function rowsOf(matrix: Float32Array, width: number, ids: readonly number[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(ids.length * width)
  ids.forEach((id, row) => out.set(rowOf(matrix, width, id), row * width))
  return out
}

/** One row a group, the mean of the group's rows, `[groups, d]`. */
export function meanOfRows(
  matrix: Float32Array,
  width: number,
  groups: readonly (readonly number[])[],
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(groups.length * width)
  groups.forEach((ids, group) => {
    for (const id of ids) {
      rowOf(matrix, width, id).forEach((value, at) => {
        out[group * width + at] = (out[group * width + at] ?? 0) + value / ids.length
      })
    }
  })
  return out
}

function rowOf(matrix: Float32Array, width: number, id: number): Float32Array {
  const row = matrix.subarray(id * width, (id + 1) * width)
  if (row.length === width) return row
  throw new SoftpostError(
    'tokenizer',
    `token ${id} is not one of the model's ${matrix.length / width}; tokenizer and weights belong to different models`,
  )
}
