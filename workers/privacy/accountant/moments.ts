/**
 * Moments of one step of the Poisson-subsampled Gaussian mechanism:
 *
 *     A(α) = E_base[(mix/base)^α],   base = N(0, σ²),   mix = (1-q) N(0, σ²) + q N(1, σ²)
 *
 * (Mironov, Talwar, Zhang, arXiv 1908.10530; this direction has the larger divergence). What is computed is A - 1,
 * as a sum of terms that are never negative: since E_base[mix/base] = 1,
 *
 *     A - 1 = E_base[(1+u)^α - 1 - αu],   1 + u = mix/base
 *
 * and the bracket is at least 0 by Bernoulli. So nothing cancels, and A keeps its relative accuracy at tiny q.
 */
import { sampledLoss } from './pair.ts'
import { log1pExp, logExpm1, logSum } from './special.ts'

/**
 * Below this σ the quadrature grid grows without a limit; a bound in closed form takes over. Noise that small protects
 * nothing, but a hostile certificate may claim it and must not cost more than others.
 */
const SMALLEST_SIGMA = 1 / 16
/** Standard deviations on either side: the mass beyond is below 1e-43. */
const REACH = 14
/**
 * Nodes per min(σ, σ²). The integrand is analytic for |Im x| < πσ² (its branch point is at mix = 0), so the trapezoid
 * rule's relative error is below e^{-2π · 3 · NODES} = e^{-75}.
 */
const NODES = 4
/** Where (1+u)^α - 1 - αu loses digits, its binomial series is short. */
const SERIES_BELOW = 0.01

/**
 * ln A(α) for each order, none of them below the truth by more than a relative 1e-10.
 *
 * @param orders each above 1; whole numbers take the finite sum, others quadrature.
 * @param q sampling rate in (0, 1].
 * @param sigma noise multiplier, positive.
 */
export function logMoments(orders: readonly number[], q: number, sigma: number): Float64Array<ArrayBuffer> {
  const gaussian = (alpha: number): number => (alpha * (alpha - 1)) / (2 * sigma * sigma)
  if (q === 1) return Float64Array.from(orders, gaussian)
  if (sigma < SMALLEST_SIGMA) {
    // (1-q+qr)^α <= 1-q + q r^α, since t^α is convex.
    return Float64Array.from(orders, (alpha) => log1pExp(Math.log(q) + logExpm1(gaussian(alpha))))
  }
  const fractional = orders.filter((alpha) => !Number.isInteger(alpha))
  const rule = quadrature(q, sigma, Math.max(1, ...fractional))
  const terms = new Float64Array(Math.max(rule.losses.length, ...orders) + 1)
  return Float64Array.from(orders, (alpha) =>
    log1pExp(Number.isInteger(alpha) ? logExcessSum(alpha, q, sigma, terms) : logExcessIntegral(alpha, rule, terms)),
  )
}

/** ln(A - 1) for whole α: Σ_{k=2..α} C(α,k) (1-q)^{α-k} q^k (e^{(k²-k)/2σ²} - 1); the terms of k = 0 and 1 are 0. */
function logExcessSum(alpha: number, q: number, sigma: number, terms: Float64Array): number {
  const logQ = Math.log(q)
  const logRest = Math.log1p(-q)
  let logBinomial = Math.log(alpha)
  for (let k = 2; k <= alpha; k += 1) {
    logBinomial += Math.log((alpha - k + 1) / k)
    terms[k - 2] = logBinomial + k * logQ + (alpha - k) * logRest + logExpm1((k * (k - 1)) / (2 * sigma * sigma))
  }
  return logSum(terms, alpha - 1)
}

type Quadrature = {
  /** ln(mix/base) at each node. */
  readonly losses: Float64Array
  /** ln of the node's weight under base. */
  readonly logWeights: Float64Array
}

/** Trapezoid rule over the x that matter for orders up to `highest`: the integrand's mass lies between 0 and α. */
function quadrature(q: number, sigma: number, highest: number): Quadrature {
  const step = Math.min(sigma, sigma * sigma) / NODES
  const low = -REACH * sigma - 1
  const count = Math.ceil((highest + 1 + REACH * sigma - low) / step) + 1
  const losses = new Float64Array(count)
  const logWeights = new Float64Array(count)
  const logScale = Math.log(step / (sigma * Math.sqrt(2 * Math.PI)))
  for (let i = 0; i < count; i += 1) {
    const x = low + i * step
    losses[i] = sampledLoss((2 * x - 1) / (2 * sigma * sigma), q)
    logWeights[i] = logScale - (x * x) / (2 * sigma * sigma)
  }
  return { losses, logWeights }
}

function logExcessIntegral(alpha: number, { losses, logWeights }: Quadrature, terms: Float64Array): number {
  const { length } = losses
  for (let i = 0; i < length; i += 1) terms[i] = (logWeights[i] ?? 0) + logExcess(alpha, losses[i] ?? 0)
  return logSum(terms, length)
}

/** ln((1+u)^α - 1 - αu) where 1 + u = e^loss. */
function logExcess(alpha: number, loss: number): number {
  const power = alpha * loss
  if (power > 1) return power + Math.log1p((alpha - 1) * Math.exp(-power) - alpha * Math.exp(loss - power))
  const u = Math.expm1(loss)
  return Math.log(Math.abs(u) < SERIES_BELOW ? binomialTail(alpha, u) : Math.expm1(power) - alpha * u)
}

/** Σ_{k>=2} C(α,k) u^k for small u. */
function binomialTail(alpha: number, u: number): number {
  let term = ((alpha * (alpha - 1)) / 2) * u * u
  let sum = 0
  for (let k = 2; Math.abs(term) > sum * Number.EPSILON; k += 1) {
    sum += term
    term *= ((alpha - k) / (k + 1)) * u
  }
  return sum
}
