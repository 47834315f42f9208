/** Where tokens stand: rows of a position table, or angles. */
import { tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import type { Projections } from '../../runtime/kernels/attention/projections.ts'
import { rotate, type Rotation } from '../../runtime/kernels/rope/rope.ts'
import type { TokenBatch } from '../types.ts'
import type { Blueprint, PositionTable, RopeSpec } from './blueprint.ts'

/** Turns queries and keys by their positions, and gradients back; leaves them alone where positions are a table. */
export type Turner = {
  all(given: Projections, direction: 1 | -1): Projections
  queries(q: Tensor2D, direction: 1 | -1): Tensor2D
  /** Of keys beside values, the keys. */
  keys(kv: Tensor2D, direction: 1 | -1): Tensor2D
}

const STILL: Turner = { all: (given) => given, queries: (q) => q, keys: (kv) => kv }

/** Positions of the rows of q and of kv, one list where they are the same; both may hold several texts, one after the other. */
export function turner(
  { rope, heads, keyHeads, headWidth }: Blueprint,
  positions: { readonly q: Int32Array; readonly kv: Int32Array },
): Turner {
  if (rope === null) return STILL
  const ofKeys = rotationAt(rope, positions.kv)
  const ofQueries = positions.q === positions.kv ? ofKeys : rotationAt(rope, positions.q)
  const [d, e] = [heads * headWidth, keyHeads * headWidth]
  const keys: Turner['keys'] = (kv, direction) => rotate(kv, { rotation: ofKeys, turned: e, columns: 2 * e, direction })
  const queries: Turner['queries'] = (q, direction) =>
    rotate(q, { rotation: ofQueries, turned: d, columns: d, direction })
  return {
    queries,
    keys,
    all: (given, direction) =>
      given.kind === 'apart'
        ? { kind: 'apart', q: queries(given.q, direction), kv: keys(given.kv, direction) }
        : // Heads of queries and of keys beside each other turn alike.
          {
            kind: 'joint',
            qkv: rotate(given.qkv, { rotation: ofKeys, turned: d + e, columns: d + 2 * e, direction }),
          },
  }
}

/** Angles are products in float32, as HF computes them. */
function rotationAt({ frequencies, scale }: RopeSpec, positions: Int32Array): Rotation {
  const half = frequencies.length
  const [cos, sin] = [new Float32Array(positions.length * half), new Float32Array(positions.length * half)]
  for (const [row, position] of positions.entries()) {
    for (const [pair, frequency] of frequencies.entries()) {
      const angle = Math.fround(position * frequency)
      cos[row * half + pair] = Math.cos(angle) * scale
      sin[row * half + pair] = Math.sin(angle) * scale
    }
  }
  const shape: [number, number] = [positions.length, half]
  return { cos: tensor2d(cos, shape), sin: tensor2d(sin, shape) }
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
