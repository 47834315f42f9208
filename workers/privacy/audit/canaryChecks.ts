/**
 * Whether a run of gradient canaries follows the law that is known of it. Much sharper than a lower bound on ε: over 300
 * steps of 1,000 canaries, noise that is 5 % too small lies 25 standard deviations off.
 */
import type { Check } from '../../protocol/audit.ts'
import { GRID_NORM } from '../contribution.ts'
import { absentBelow, presentBelow, presentMoments, type CanaryLaw } from './canaryLaw.ts'
import { checkOf, checkOfFact } from './checks.ts'
import { dispersionScore, kolmogorovSmirnov, meanScore, twoSided, varianceScore } from './statistics.ts'

/** What is looked at: per step, the released values by canary and the canaries in the batch. */
export type CanaryTrace = {
  readonly law: CanaryLaw
  readonly present: Uint8Array
  readonly released: readonly Float64Array[]
  readonly samples: readonly Uint32Array[]
}

/**
 * @param trace of a mechanism whose rows are canaries alone.
 * @param empty of the same mechanism when nobody can be sampled.
 */
export function checkCanaries(trace: CanaryTrace, empty: readonly Float64Array[]): Check[] {
  const { law, present } = trace
  const absent = pick(trace, 0)
  const taking = pick(trace, 1)
  const squared = law.sigma ** 2
  const { mean, variance } = presentMoments(law)
  return [
    checkOfFact(
      'whole-numbers',
      [...trace.released, ...empty].every((values) => values.every(isOnGrid)),
    ),
    checkOf('noise-size', twoSided(varianceScore(flat(absent), squared))),
    checkOf('noise-shape', kolmogorovSmirnov(flat(absent), absentBelow(law))),
    checkOf('noise-fresh', twoSided(repetitionScore(absent, law.sigma))),
    checkOf('noise-on-empty', twoSided(varianceScore(flat(empty), squared))),
    checkOf('row-size', twoSided(meanScore(flat(taking), { mean, variance }))),
    checkOf('row-shape', kolmogorovSmirnov(flat(taking), presentBelow(law))),
    ...checkBatches(trace.samples, present, law.sampleRate),
  ]
}

/** What float32 may be off by, in grid steps, at the size of sums here. */
const GRID_ERROR = 0.1

/** Sums and noise are whole numbers of grid steps; noise made of floats is not. */
function isOnGrid(value: number): boolean {
  const steps = value * GRID_NORM
  return Math.abs(steps - Math.round(steps)) < GRID_ERROR
}

/** Deviation of the released noise over σ. */
export function noiseRatio(trace: CanaryTrace): number {
  const values = flat(pick(trace, 0))
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length) / trace.law.sigma
}

/** Whether batches are independent Poisson samples: sizes, members, and what one has in common with the next. */
function checkBatches(samples: readonly Uint32Array[], present: Uint8Array, q: number): Check[] {
  const rows = present.reduce((sum, coin) => sum + coin, 0)
  const sizes = Float64Array.from(samples, ({ length }) => length)
  return [
    checkOf(
      'batch-sizes',
      twoSided(meanScore(sizes, { mean: rows * q, variance: rows * q * (1 - q) })),
      twoSided(binomialDispersion(sizes, rows, q)),
    ),
    checkOf('batch-members', twoSided(binomialDispersion(timesSampled(samples, present), samples.length, q))),
    checkOf('batch-overlap', twoSided(overlapScore(samples, rows, q))),
  ]
}

/** How often each row that took part was sampled. */
function timesSampled(samples: readonly Uint32Array[], present: Uint8Array): Float64Array {
  const times = new Float64Array(present.length)
  for (const sample of samples) for (const row of sample) times[row] = (times[row] ?? 0) + 1
  return times.filter((_, row) => present[row] === 1)
}

/** Whether counts scatter as Binomial(trials, q) does; fixed sizes scatter too little, groups too much. */
function binomialDispersion(counts: Float64Array, trials: number, q: number): number {
  const variance = trials * q * (1 - q)
  const meanSquare = counts.reduce((sum, count) => sum + (count - trials * q) ** 2, 0) / (counts.length * variance)
  // The fourth moment of a binomial makes its squares scatter a little otherwise than a Gaussian's.
  return dispersionScore(meanSquare, { count: counts.length, spread: 2 + (1 - 6 * q * (1 - q)) / variance })
}

/**
 * z of the rows that two successive batches share. Shuffled epochs share next to none, batches that come back share
 * all. Overlaps of neighbouring pairs share a batch and are correlated by it: q³ - q⁴ a row.
 */
function overlapScore(samples: readonly Uint32Array[], rows: number, q: number): number {
  const pairs = samples.length - 1
  let shared = 0
  for (let t = 1; t <= pairs; t += 1) {
    const before = new Set(samples[t - 1])
    shared += (samples[t] ?? new Uint32Array()).reduce((sum, row) => sum + (before.has(row) ? 1 : 0), 0)
  }
  const variance = rows * (pairs * (q ** 2 - q ** 4) + 2 * (pairs - 1) * (q ** 3 - q ** 4))
  return (shared - rows * pairs * q ** 2) / Math.sqrt(variance)
}

/** z of the products of what one coordinate carries in two successive steps: noise that is used twice lifts it. */
function repetitionScore(absent: readonly Float64Array[], sigma: number): number {
  const products = absent.slice(1).map((values, t) => values.map((value, i) => value * (absent[t]?.[i] ?? 0)))
  return meanScore(flat(products), { mean: 0, variance: sigma ** 4 })
}

/** Per step, the values of canaries whose coin shows `coin`. */
function pick({ released, present }: CanaryTrace, coin: 0 | 1): Float64Array[] {
  return released.map((values) => values.filter((_, canary) => present[canary] === coin))
}

function flat(steps: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(steps.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const values of steps) {
    all.set(values, at)
    at += values.length
  }
  return all
}
