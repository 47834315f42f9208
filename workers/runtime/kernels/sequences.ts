/**
 * What a pass left of the rows of m sequences: P rows at the head of all of them, computed once, then T rows that are
 * each sequence's own. A gradient has all rows of each sequence, `[m·(P + T), ·]`, sequence after sequence.
 */
import type { Tensor2D } from '@tensorflow/tfjs-core'

/** `shared` `[P, w]`, `own` `[m·T, w]`; one of them at least. */
export type SequenceRows = { readonly shared: Tensor2D | null; readonly own: Tensor2D | null }

export function ownRows(own: Tensor2D): SequenceRows {
  return { shared: null, own }
}

/** The rows of a pass that was done once, before those of each sequence; null for gradients of the former alone. */
export function behindShared(shared: SequenceRows, own: SequenceRows | null): SequenceRows {
  return { shared: oneOf(shared), own: own && oneOf(own) }
}

/** The rows of a pass that had but one kind of them. */
export function oneOf({ shared, own }: SequenceRows): Tensor2D {
  const one = own ?? shared
  if (one === null || (shared !== null && own !== null)) throw new Error('oneOf: rows of one kind expected')
  return one
}

/** How a kernel finds a gradient's rows among them: arrays `inShared` and `inOwn`, and the uniforms of {@link savedValue}. */
export function savedInputs(
  saved: SequenceRows,
  rows: number,
): {
  readonly shared: Tensor2D
  readonly own: Tensor2D
  readonly uniforms: { readonly sharedRows: number; readonly ownRows: number }
} {
  const { shared, own } = saved
  const some = shared ?? own
  if (some === null) throw new Error('savedInputs: nothing was saved')
  // Fewer rows than gradients: one pass that many gradients go back through.
  if (shared === null && some.shape[0] < rows) return savedInputs({ shared: some, own: null }, rows)
  const sharedRows = shared?.shape[0] ?? 0
  const ownCount = own?.shape[0] ?? 0
  const sequences = sharedRows === 0 ? 1 : (rows - ownCount) / sharedRows
  // What is not there is not read either; its place has to be taken all the same.
  return { shared: some, own: own ?? some, uniforms: { sharedRows, ownRows: ownCount / sequences } }
}

export const SAVED_UNIFORMS = ['sharedRows', 'ownRows'] as const

/** `savedAt(row)`: which row of `inShared` a gradient's row stands against, or, from `sharedRows` on, which of `inOwn`. */
const SAVED_AT = `
  fn savedAt(row : i32) -> i32 {
    let each = uniforms.sharedRows + uniforms.ownRows;
    let place = row % each;
    if (place < uniforms.sharedRows) { return place; }
    return row / each * uniforms.ownRows + place;
  }`

/** `saved(at, column)` of a row found by `savedAt`; `width` names the uniform that counts a row's vec4s. */
export function savedValue(width: string): string {
  return `
  ${SAVED_AT}
  fn saved(at : i32, column : i32) -> vec4<f32> {
    if (at < uniforms.sharedRows) { return inShared[at * uniforms.${width} + column]; }
    return inOwn[(at - uniforms.sharedRows) * uniforms.${width} + column];
  }`
}
