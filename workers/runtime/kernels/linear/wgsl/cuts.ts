/**
 * How the work of a product is cut: as measured on this device (autotune.ts), else by a heuristic. Every cut adds up a
 * result in the same order, so the choice is one of speed alone; it is made before a run and stays for the process.
 */
import { isSoftwareGpu } from '../../../wgsl/program.ts'

/** `rows` x `columns` (vec4s) results of an invocation, `down` x `across` invocations. */
export type Cut = {
  readonly rows: number
  readonly columns: number
  readonly across: number
} & (
  | { readonly kind: 'tiled'; readonly down: number }
  /** All of a workgroup have the same rows, so that they may hand each other what they read of them. */
  | { readonly kind: 'direct'; readonly down: 1 }
)

/** The same work with two columns for each invocation, as pairs of columns want it. */
export function pairedCut(cut: Cut): Cut {
  if (cut.columns === 2) return cut
  const half = { columns: 2, across: cut.across / 2 }
  return cut.kind === 'tiled' ? { ...cut, ...half } : { ...cut, ...half, rows: cut.rows / 2 }
}

/** Products that want the same cut: few rows leave a GPU idle if tiles are large, and so do few columns. */
export type ShapeClass = { readonly rows: 'few' | 'many'; readonly columns: 'narrow' | 'wide' }

export const SHAPE_CLASSES: readonly ShapeClass[] = (['few', 'many'] as const).flatMap((rows) =>
  (['narrow', 'wide'] as const).map((columns) => ({ rows, columns })),
)

/** Rows from which on there are many, and columns from which on the result is wide. */
const MANY = 33
const WIDE = 1_024

/** Tiles of X and W in workgroup memory, for a GPU; few rows take a flatter tile. */
const TILED: Cut = { kind: 'tiled', rows: 4, columns: 2, down: 16, across: 8 }
const TILED_FLAT: Cut = { ...TILED, down: 8 }
/** Rows up to which a program on the CPU takes the flatter of its two cuts. */
const FEW = 8
/** Straight from memory: a GPU that is a program on the CPU has caches, and pays for each barrier. */
const DIRECT: Cut = { kind: 'direct', rows: 8, columns: 1, down: 1, across: 32 }
const DIRECT_FLAT: Cut = { ...DIRECT, rows: 4 }

/** What is tried on a GPU, beside the heuristic's; all within the limits that every WebGPU device has. */
const OTHERS: Readonly<Record<ShapeClass['rows'], readonly Cut[]>> = {
  few: [
    { kind: 'tiled', rows: 2, columns: 1, down: 8, across: 8 },
    { kind: 'tiled', rows: 2, columns: 1, down: 16, across: 16 },
    { kind: 'tiled', rows: 4, columns: 1, down: 8, across: 16 },
  ],
  many: [
    { kind: 'tiled', rows: 4, columns: 1, down: 16, across: 16 },
    { kind: 'tiled', rows: 8, columns: 2, down: 8, across: 8 },
    { kind: 'tiled', rows: 8, columns: 2, down: 16, across: 8 },
    TILED_FLAT,
  ],
}

export function candidates({ rows }: ShapeClass): readonly [heuristic: Cut, ...others: Cut[]] {
  return [rows === 'many' ? TILED : TILED_FLAT, ...OTHERS[rows]]
}

/** A gain below this share may be noise, and keeps the heuristic's cut. */
const LEAST_GAIN = 0.05

/** `seconds` are those of the candidates, in their order. */
export function fastest(shapeClass: ShapeClass, seconds: readonly number[]): Cut {
  const [heuristic, ...others] = candidates(shapeClass)
  let best = { cut: heuristic, seconds: (seconds[0] ?? 0) * (1 - LEAST_GAIN) }
  for (const [index, cut] of others.entries()) {
    const own = seconds[index + 1] ?? Number.POSITIVE_INFINITY
    if (own < best.seconds) best = { cut, seconds: own }
  }
  return best.cut
}

const measured = new Map<string, Cut>()

export function keepMeasured(shapeClass: ShapeClass, cut: Cut): void {
  measured.set(keyOf(shapeClass), cut)
}

export const keyOf = ({ rows, columns }: ShapeClass): string => `${rows}-${columns}`

export function cutFor(rows: number, columns: number): Cut {
  if (isSoftwareGpu()) return rows > FEW ? DIRECT : DIRECT_FLAT
  const shapeClass = { rows: rows >= MANY ? 'many' : 'few', columns: columns >= WIDE ? 'wide' : 'narrow' } as const
  return measured.get(keyOf(shapeClass)) ?? candidates(shapeClass)[0]
}
