/** Where tokens stand: rows of a position table, or angles. */
import { tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import type { Projections } from '../../runtime/kernels/attention/projections.ts'
import { rotate, type Turning } from '../../runtime/kernels/rope/rope.ts'
import type { TokenBatch } from '../types.ts'
import type { Blueprint, PositionTable, RopeSpec } from './blueprint.ts'

/** How queries, keys beside values, and all three side by side are turned by their positions. */
export type Turner = { readonly queries: Turning; readonly keys: Turning; readonly all: Turning }

/**
 * Positions of the rows of q and of kv, one list where they are the same; both may hold several texts, one after the
 * other. Null where positions are a table, and nothing is turned.
 */
export function turner(
  { rope, heads, keyHeads, headWidth }: Blueprint,
  positions: { readonly q: Int32Array; readonly kv: Int32Array },
): Turner | null {
  if (rope === null) return null
  const ofKeys = anglesAt(rope, positions.kv)
  const ofQueries = positions.q === positions.kv ? ofKeys : anglesAt(rope, positions.q)
  const [d, e] = [heads * headWidth, keyHeads * headWidth]
  return {
    queries: { angles: ofQueries, turned: d, columns: d },
    keys: { angles: ofKeys, turned: e, columns: 2 * e },
    // Heads of queries and of keys beside each other turn alike.
    all: { angles: ofKeys, turned: d + e, columns: d + 2 * e },
  }
}

/** Gradients of what was turned to those of what it was turned from. */
export function turnedBack(given: Projections, turner: Turner | null): Projections {
  if (turner === null) return given
  return given.kind === 'joint'
    ? { kind: 'joint', qkv: rotate(given.qkv, { ...turner.all, direction: -1 }) }
    : { kind: 'apart', q: queriesBack(given.q, turner), kv: keysBack(given.kv, turner) }
}

/** Likewise of queries alone. */
export function queriesBack(q: Tensor2D, turner: Turner | null): Tensor2D {
  return turner === null ? q : rotate(q, { ...turner.queries, direction: -1 })
}

/** Likewise of keys beside values. */
export function keysBack(kv: Tensor2D, turner: Turner | null): Tensor2D {
  return turner === null ? kv : rotate(kv, { ...turner.keys, direction: -1 })
}

/** Angles are products in float32, as HF computes them. */
function anglesAt({ frequencies, scale }: RopeSpec, positions: Int32Array): Tensor2D {
  const half = frequencies.length
  const angles = new Float32Array(positions.length * 2 * half)
  for (const [row, position] of positions.entries()) {
    for (const [pair, frequency] of frequencies.entries()) {
      const angle = Math.fround(position * frequency)
      angles[row * 2 * half + pair] = Math.cos(angle) * scale
      angles[(row * 2 + 1) * half + pair] = Math.sin(angle) * scale
    }
  }
  return tensor2d(angles, [positions.length, 2 * half])
}

/** `first`, `first` + 1, … */
export function countFrom(first: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => first + index)
}

/** Rows of the position table for a batch, `[m·T]`; `promptRows` is null without a prompt. */
export function tableRows(
  table: PositionTable,
  { ids, size, length }: TokenBatch,
  promptRows: number | null,
): Int32Array {
  const { first, padId } = table
  const rows = new Int32Array(size * length)
  for (let text = 0; text < size; text++) {
    let next = first + (promptRows ?? 0)
    for (let at = text * length; at < (text + 1) * length; at++) {
      const isPad = promptRows === null && padId !== null && ids[at] === padId
      rows[at] = isPad ? padId : next++
    }
  }
  return rows
}
