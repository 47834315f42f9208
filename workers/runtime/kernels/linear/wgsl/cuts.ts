/** How the work of a product is cut. */
import { isSoftwareGpu } from '../../../wgsl/program.ts'

/** `rows` x `columns` (vec4s) results of an invocation, `down` x `across` invocations. */
export type Cut = {
  readonly kind: 'tiled' | 'direct'
  readonly rows: number
  readonly columns: number
  readonly down: number
  readonly across: number
}

/** Tiles of X and W in workgroup memory, for a GPU; few rows take a flatter tile. */
const TILED: Cut = { kind: 'tiled', rows: 4, columns: 2, down: 16, across: 8 }
const TILED_FLAT: Cut = { ...TILED, down: 8 }
/** Straight from memory: a GPU that is a program on the CPU has caches, and pays for each barrier. */
const DIRECT: Cut = { kind: 'direct', rows: 8, columns: 1, down: 4, across: 16 }
const DIRECT_FLAT: Cut = { ...DIRECT, rows: 2 }

export function cutFor(rows: number): Cut {
  if (isSoftwareGpu()) return rows > DIRECT_FLAT.rows * DIRECT_FLAT.down ? DIRECT : DIRECT_FLAT
  return rows > TILED_FLAT.rows * TILED_FLAT.down ? TILED : TILED_FLAT
}
