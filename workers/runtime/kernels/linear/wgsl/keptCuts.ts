/**
 * Cuts that were measured on a device, kept from one start to the next: figures of a GPU and of our kernels alone,
 * nothing of anybody's data.
 */
import { candidates, keyOf, SHAPE_CLASSES, type Cut, type ShapeClass } from './cuts.ts'

/** Where they are kept: a file, a browser's storage. */
export interface CutStore {
  /** Undefined where nothing is kept for the device, or nothing can be read. */
  read(device: string): Promise<unknown>
  /** Best effort: what is not kept is measured again. */
  write(device: string, cuts: KeptCuts): Promise<void>
}

/** By class of shapes. */
export type KeptCuts = Readonly<Record<string, Cut>>

/** Raised with each change of the product's kernels or of what is tried: older measurements say nothing then. */
const KERNELS = 2

/** What a measurement is of. */
export function deviceKey(adapter: string): string {
  return `${KERNELS} ${adapter}`
}

/** A candidate for every class; null for anything else, whoever wrote it. */
export function parseKeptCuts(
  given: unknown,
): readonly { readonly shapeClass: ShapeClass; readonly cut: Cut }[] | null {
  if (typeof given !== 'object' || given === null) return null
  const known = SHAPE_CLASSES.flatMap((shapeClass) => {
    const kept: unknown = Reflect.get(given, keyOf(shapeClass))
    const cut = candidates(shapeClass).find((candidate) => isSame(candidate, kept))
    return cut ? [{ shapeClass, cut }] : []
  })
  return known.length === SHAPE_CLASSES.length ? known : null
}

function isSame(cut: Cut, other: unknown): boolean {
  if (typeof other !== 'object' || other === null) return false
  return Object.entries(cut).every(([name, value]) => Reflect.get(other, name) === value)
}
