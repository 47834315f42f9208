/**
 * Gradient canaries: made-up examples, each of whose clipped gradient is a coordinate of its own. Nothing else moves that
 * coordinate, so what a step releases there, in units of the sensitivity, is
 *
 *     x = s · [the canary was sampled] + N(0, σ²)
 *
 * with s = {@link SIGNAL}, independent over steps and canaries. The law is known exactly, and so is the best score.
 */
import { GRADIENT_STEPS, GRID_NORM } from '../contribution.ts'
import { upperTail } from './statistics.ts'

export type CanaryLaw = {
  /** Poisson rate q. */
  readonly sampleRate: number
  /** Noise multiplier σ. */
  readonly sigma: number
}

/** What a canary adds at its coordinate, in units of the sensitivity: the rest is room for curve figures and rounding. */
export const SIGNAL = GRADIENT_STEPS / GRID_NORM

/** P[x <= t] of a canary that did not take part. */
export function absentBelow({ sigma }: CanaryLaw): (t: number) => number {
  return (t) => upperTail(-t / sigma)
}

/** P[x <= t] of a canary that took part. */
export function presentBelow({ sampleRate, sigma }: CanaryLaw): (t: number) => number {
  return (t) => (1 - sampleRate) * upperTail(-t / sigma) + sampleRate * upperTail((SIGNAL - t) / sigma)
}

/** Mean and variance of x of a canary that took part. */
export function presentMoments({ sampleRate, sigma }: CanaryLaw): { readonly mean: number; readonly variance: number } {
  return { mean: sampleRate * SIGNAL, variance: sigma ** 2 + sampleRate * (1 - sampleRate) * SIGNAL ** 2 }
}

/** ln of how many times likelier x is of a canary that took part than of one that did not. */
export function logRatio({ sampleRate, sigma }: CanaryLaw): (x: number) => number {
  const logSampled = Math.log(sampleRate)
  const logMissed = Math.log1p(-sampleRate)
  return (x) => {
    const sampled = logSampled + (SIGNAL * (2 * x - SIGNAL)) / (2 * sigma * sigma)
    const high = Math.max(sampled, logMissed)
    return high + Math.log1p(Math.exp(Math.min(sampled, logMissed) - high))
  }
}
