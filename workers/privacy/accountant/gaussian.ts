/**
 * The Gaussian mechanism without sampling, in closed form (Balle and Wang, arXiv 1805.06530): any number of its steps
 * are one with μ = √(Σ 1/σ²), and
 *
 *     δ(ε) = P(Z > a) - e^ε P(Z > a + μ),   a = ε/μ - μ/2
 */
import { normalTail } from './special.ts'

const HALVINGS = 200

/** δ at ε for μ > 0, rounded up by more than float64 can lose. */
export function gaussianDelta(mu: number, epsilon: number): number {
  const a = epsilon / mu - mu / 2
  const upper = normalTail(a)
  const slack = 8 * Number.EPSILON * (1 + a * a + epsilon) * upper
  return Math.min(1, Math.max(0, upper - Math.exp(epsilon + Math.log(normalTail(a + mu)))) + slack)
}

/** Smallest ε at which δ is at most `delta`. */
export function gaussianEpsilon(mu: number, delta: number): number {
  if (mu === 0 || gaussianDelta(mu, 0) <= delta) return 0
  let low = 0
  let high = 1
  while (gaussianDelta(mu, high) > delta) {
    low = high
    high *= 2
    if (high > Number.MAX_SAFE_INTEGER) return Infinity
  }
  for (let step = 0; step < HALVINGS && high > low * (1 + 1e-13); step += 1) {
    const middle = (low + high) / 2
    if (gaussianDelta(mu, middle) > delta) low = middle
    else high = middle
  }
  return high
}
