/**
 * The pair of distributions that every question about ε comes down to (dominating pair; Zhu, Dong, Wang, arXiv
 * 2106.08567): what one step shows, in the worst case, without the unit and with it,
 *
 *     base = N(0, σ²),   mix = Σ_j w_j N(j, σ²)
 *
 * in units of the clip norm. A row that takes part with probability q has w = (1-q, q); k rows that are sampled each by
 * itself have the binomial weights of (k, q) (arXiv 2401.10294).
 */
export type Pair = {
  readonly sigma: number
  /** Of the means 0, 1, .. ; they add up to 1, and the last is positive. */
  readonly weights: readonly number[]
}

/** Which of the two worlds is observed: the mix (unit there, other world without it) or the base. */
export type Direction = 'remove' | 'add'

export const DIRECTIONS: readonly Direction[] = ['remove', 'add']

/** From here on e^a dwarfs 1 in 1 - q + q e^a, and below e^a cannot overflow. */
const LARGE_LOSS = 30
/** Newton steps of the inverse; they converge quadratically from above, since the loss is convex. */
const NEWTON_STEPS = 60

/** A row's pair; q in (0, 1]. */
export function rowPair(q: number, sigma: number): Pair {
  return { sigma, weights: [1 - q, q] }
}

/** The pair of `rows` rows of one person, each sampled by itself with probability q in (0, 1). */
export function groupPair(rows: number, q: number, sigma: number): Pair {
  const weights: number[] = []
  let logBinomial = 0
  for (let j = 0; j <= rows; j += 1) {
    weights.push(Math.exp(logBinomial + j * Math.log(q) + (rows - j) * Math.log1p(-q)))
    logBinomial += Math.log((rows - j) / (j + 1))
  }
  // Chances below the smallest number are none.
  while (weights.at(-1) === 0) weights.pop()
  return { sigma, weights }
}

/** Highest mean. */
export function reachOf({ weights }: Pair): number {
  return weights.length - 1
}

/** ln(mix/base) at x: increasing and convex, from ln w_0 on. */
export function lossAt({ sigma, weights }: Pair, x: number): number {
  const variance = sigma * sigma
  if (weights.length === 2) return sampledLoss((2 * x - 1) / (2 * variance), weights[1] ?? 1)
  let sum = 0
  let highest = -Infinity
  for (let j = 1; j < weights.length; j += 1) {
    const a = (j * (2 * x - j)) / (2 * variance)
    highest = Math.max(highest, a)
    sum += (weights[j] ?? 0) * Math.expm1(Math.min(a, LARGE_LOSS))
  }
  // Far below 0 the logarithm of the terms themselves keeps its digits, since none of them is negative.
  if (highest < LARGE_LOSS && sum > -0.5) return Math.log1p(sum)
  highest = Math.max(0, highest)
  sum = 0
  for (const [j, weight] of weights.entries()) {
    sum += weight * Math.exp((j * (2 * x - j)) / (2 * variance) - highest)
  }
  return highest + Math.log(sum)
}

/** ln(1 - q + q e^a), exact near 0 for tiny q too, and far below 0 for q near 1. */
export function sampledLoss(a: number, q: number): number {
  if (q === 1) return a
  if (q > 0.5 && a < -1) return Math.log(1 - q + q * Math.exp(a))
  if (a < LARGE_LOSS) return Math.log1p(q * Math.expm1(a))
  return a + Math.log(q) + Math.log1p(((1 - q) / q) * Math.exp(-a))
}

/** d/dx of {@link lossAt}: the mean under the weights at x, over σ². */
export function slopeAt({ sigma, weights }: Pair, x: number): number {
  const variance = sigma * sigma
  let highest = 0
  for (let j = 1; j < weights.length; j += 1) highest = Math.max(highest, (j * (2 * x - j)) / (2 * variance))
  let mean = 0
  let total = 0
  for (const [j, weight] of weights.entries()) {
    const share = weight * Math.exp((j * (2 * x - j)) / (2 * variance) - highest)
    total += share
    mean += j * share
  }
  return mean / (total * variance)
}

/** The x of a loss; -Infinity at or below ln w_0. */
export function placeOf(pair: Pair, loss: number): number {
  const { sigma, weights } = pair
  const variance = sigma * sigma
  if (weights.length > 2) return searchPlace(pair, loss)
  const q = weights[1] ?? 1
  if (q === 1) return variance * loss + 0.5
  if (loss > LARGE_LOSS) return variance * (loss - Math.log(q) + Math.log1p(-(1 - q) * Math.exp(-loss))) + 0.5
  if (q > 0.5 && loss < -1) return variance * Math.log(Math.max(0, Math.exp(loss) - (1 - q)) / q) + 0.5
  const ratio = Math.expm1(loss) / q
  return ratio <= -1 ? -Infinity : variance * Math.log1p(ratio) + 0.5
}

function searchPlace(pair: Pair, loss: number): number {
  const { sigma, weights } = pair
  if (Math.expm1(loss) <= (weights[0] ?? 0) - 1) return -Infinity
  // Each part of the sum alone is below the whole, so its own solution lies above the one wanted.
  let x = Infinity
  for (let j = 1; j < weights.length; j += 1) {
    x = Math.min(x, (sigma * sigma * (loss - Math.log(weights[j] ?? 0))) / j + j / 2)
  }
  for (let step = 0; step < NEWTON_STEPS; step += 1) {
    const excess = lossAt(pair, x) - loss
    const next = x - excess / slopeAt(pair, x)
    if (!(next < x)) return x
    x = next
  }
  return x
}
