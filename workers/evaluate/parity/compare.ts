/** Computed figures against reference figures, by the tolerances that stand beside them. */
import type { Precision, Tolerance } from './vectors.ts'

/** One field of a vectors file with what was computed for it. */
export type Computed = {
  /** As `precision` names it. */
  readonly name: string
  readonly actual: ArrayLike<number>
  readonly expected: ArrayLike<number>
  /**
   * For values after steps of Adam, equal parts of the field after each step: an element whose gradient is nearly zero
   * may go either way, by at most 2 lr a step.
   */
  readonly steps?: { readonly learningRate: number; readonly done: readonly number[] }
}

export type FieldReport = {
  /** Null where nothing can be compared. */
  readonly maxAbs: number | null
  /** Against the reference's size, or against the absolute tolerance where the reference is smaller than that. */
  readonly maxRel: number | null
  readonly pass: boolean
}

export type Level = 'cpu' | 'gpu'

/** Share of elements that may have gone the other way. */
const FLIPPED_SHARE = 0.01

/**
 * Passes when every element is within atol + rtol·|reference|, but for the few that {@link Computed.steps} allows. A
 * field without a tolerance, of another length, or with a value that is no number does not pass.
 */
export function compareField(
  { name, actual, expected, steps }: Computed,
  precision: Precision,
  level: Level,
): FieldReport {
  const tolerance = precision[name]?.[level]
  const failed = { maxAbs: null, maxRel: null, pass: false }
  if (!tolerance || actual.length !== expected.length || expected.length === 0) return failed
  let [maxAbs, maxRel] = [0, 0]
  const outside: number[] = []
  for (let at = 0; at < expected.length; at++) {
    const [value = Number.NaN, reference = Number.NaN] = [actual[at], expected[at]]
    const error = Math.abs(value - reference)
    if (!Number.isFinite(error)) return failed
    maxAbs = Math.max(maxAbs, error)
    maxRel = Math.max(maxRel, error / Math.max(Math.abs(reference), tolerance.atol))
    if (error > bound(tolerance, reference)) outside.push(at)
  }
  return { maxAbs, maxRel, pass: outside.length === 0 || areFlips(outside, { actual, expected, steps }) }
}

function bound({ rtol, atol }: Tolerance, reference: number): number {
  return atol + rtol * Math.abs(reference)
}

function areFlips(
  outside: readonly number[],
  { actual, expected, steps }: Pick<Computed, 'actual' | 'expected'> & { readonly steps: Computed['steps'] },
): boolean {
  if (!steps || outside.length > Math.max(1, Math.floor(expected.length * FLIPPED_SHARE))) return false
  const part = expected.length / steps.done.length
  return outside.every((at) => {
    const done = steps.done[Math.floor(at / part)] ?? 0
    return Math.abs((actual[at] ?? 0) - (expected[at] ?? 0)) <= 2 * steps.learningRate * done
  })
}
