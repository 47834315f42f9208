/**
 * Rényi differential privacy of the Poisson-subsampled Gaussian mechanism, add-or-remove-one (and zero-out) adjacency:
 * always an upper bound on ε. Mironov, Talwar, Zhang, arXiv 1908.10530.
 */
import { logMoments } from './moments.ts'

/**
 * The orders of Google's dp_accounting, so that figures can be compared, and some between and beyond its last ones:
 * a small ε at a small q has its best order there.
 */
const RDP_ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => (11 + i) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  72,
  80,
  96,
  112,
  128,
  160,
  192,
  256,
  384,
  512,
  768,
  1024,
  2048,
  4096,
  8192,
]

/** Covers float64 rounding in the moments, which is below 1e-10, so that ρ is never below the truth. */
const OUTWARD = 1 + 1e-9

/** Rényi divergence ρ(α) of one step at each of {@link RDP_ORDERS}; `sampleRate` in (0, 1], `sigma` positive. */
export function rdpCurve(sampleRate: number, sigma: number): Float64Array<ArrayBuffer> {
  const moments = logMoments(RDP_ORDERS, sampleRate, sigma)
  return Float64Array.from(RDP_ORDERS, (alpha, i) => ((moments[i] ?? Infinity) / (alpha - 1)) * OUTWARD)
}

/** The curve of several mechanisms on the same rows: `steps` times each curve, added up. */
export function addedCurves(
  parts: readonly { readonly curve: ArrayLike<number>; readonly steps: number }[],
): Float64Array<ArrayBuffer> {
  return Float64Array.from(RDP_ORDERS, (_, i) =>
    parts.reduce((sum, { curve, steps }) => sum + steps * (curve[i] ?? Infinity), 0),
  )
}

/** Smallest ε that `steps` steps of the given curve prove at `delta`: Rényi divergences of independent steps add up. */
export function rdpToEpsilon(curve: ArrayLike<number>, steps: number, delta: number): number {
  const order = bestOrder(curve, steps, delta)
  return epsilonAtOrder(order, steps * (curve[order] ?? Infinity), delta)
}

/** Place in the curve of the order that proves the smallest ε. */
export function bestOrder(curve: ArrayLike<number>, steps: number, delta: number): number {
  let best = 0
  let least = Infinity
  for (const order of RDP_ORDERS.keys()) {
    const epsilon = epsilonAtOrder(order, steps * (curve[order] ?? Infinity), delta)
    if (!(epsilon < least)) continue
    least = epsilon
    best = order
  }
  return best
}

/** Place in the curve of the first order from `alpha` on. */
export function orderFrom(alpha: number): number {
  return RDP_ORDERS.findIndex((order) => order >= alpha - 1e-9)
}

/**
 * ε of a Rényi divergence `rho` of the order at this place of the curve. Conversion by Canonne, Kamath, Steinke, arXiv
 * 2004.00010, Proposition 12.
 */
export function epsilonAtOrder(order: number, rho: number, delta: number): number {
  const alpha = RDP_ORDERS[order] ?? Number.NaN
  if (!(rho < Infinity)) return Infinity
  // Bretagnolle-Huber with KL <= ρ: the two distributions differ by at most δ in total variation.
  if (delta * delta + Math.expm1(-rho) > 0) return 0
  return Math.max(0, rho + Math.log1p(-1 / alpha) - (Math.log(delta) + Math.log(alpha)) / (alpha - 1))
}
