/** Runs on the same rows as they are named, checked, and gathered into what the computations take. */
import { rowPair } from './pair.ts'
import { addedCurves, rdpCurve, rdpToEpsilon } from './rdp.ts'
import type { Part, Work } from './work.ts'

export type Mechanism = {
  /** Noise multiplier σ: the noise's standard deviation over the sensitivity. */
  readonly sigma: number
  /** Poisson sampling rate q in [0, 1]. */
  readonly sampleRate: number
}

/** Steps of one mechanism on the same rows. */
export type Run = Mechanism & { readonly steps: number }

/** @throws RangeError for an argument outside its range. */
export function checkRuns(runs: readonly Run[], delta: number): void {
  if (!(delta > 0 && delta < 1)) throw new RangeError(`delta must lie between 0 and 1, got ${delta}`)
  for (const { sigma, sampleRate, steps } of runs) {
    if (!(sigma >= 0 && sigma < Infinity)) throw new RangeError(`sigma must be finite and not negative, got ${sigma}`)
    if (!(sampleRate >= 0 && sampleRate <= 1)) throw new RangeError(`sampleRate must lie in [0, 1], got ${sampleRate}`)
    if (!Number.isSafeInteger(steps) || steps < 0) throw new RangeError(`steps must be a whole number, got ${steps}`)
  }
}

/** What needs no computation: 0 and Infinity; null for the rest. */
export function plainEpsilon(runs: readonly Run[], delta: number): number | null {
  const costly = runs.filter(isCostly)
  if (costly.some(({ sigma }) => sigma === 0)) return Infinity
  // A unit that is in no batch shows nothing: the worlds differ at most by the chance that it is in one.
  return costly.reduce((sum, { sampleRate, steps }) => sum + sampleRate * steps, 0) <= delta ? 0 : null
}

function isCostly({ sampleRate, steps }: Run): boolean {
  return sampleRate > 0 && steps > 0
}

/** The runs as parts; equal ones become one, and those without sampling one Gaussian. None may be without noise. */
export function workOf(runs: readonly Run[]): Work {
  const merged = new Map<string, Part>()
  let gaussian = 0
  for (const { sigma, sampleRate, steps } of runs.filter(isCostly)) {
    if (sampleRate === 1) {
      gaussian += steps / sigma / sigma
      continue
    }
    const key = `${sampleRate} ${sigma}`
    merged.set(key, { pair: rowPair(sampleRate, sigma), steps: steps + (merged.get(key)?.steps ?? 0) })
  }
  return { parts: [...merged.values()], gaussian }
}

/** The bound by Rényi divergences at fixed orders: loose, but total and independent of any grid. */
export function rdpEpsilon(runs: readonly Run[], delta: number): number {
  const plain = plainEpsilon(runs, delta)
  if (plain !== null) return plain
  const parts = runs.filter(isCostly)
  const curve = addedCurves(
    parts.map(({ sigma, sampleRate, steps }) => ({ curve: rdpCurve(sampleRate, sigma), steps })),
  )
  return rdpToEpsilon(curve, 1, delta)
}
