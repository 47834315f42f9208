/**
 * Rounded Gaussian integers R = round(sZ), Z ~ N(0, 1), drawn exactly from random bits.
 *
 * Added to a vector of integers they give round(f + sZ): a post-processing of the continuous Gaussian mechanism, to
 * which the accountant applies as it stands. A float sample would not do: its low bits tell what it was added to
 * (Mironov, CCS 2012; Jin et al., arXiv 2112.05307).
 *
 * |R| is found by inversion: |R| = r where P[|R| > r] <= U < P[|R| > r-1]. A float64 inverse proposes r and the two
 * probabilities, computed to a known error, confirm it. Where U is nearer to one of them than that error (a few times in
 * 10^8 draws at s = 2^15), more bits and exact arithmetic decide (interval refining, as in arXiv 2207.13793). So the law
 * is exactly that of a rounded Gaussian, whatever the quality of the proposal.
 */
import { SoftpostError } from '../protocol/errors.ts'
import { erfc } from './accountant/special.ts'
import { type UniformBits, isBelowTail } from './exactTail.ts'
import { halfNormalQuantile } from './quantile.ts'
import { type RandomSource, forEachPair } from './random.ts'

/** Bits of U in a pair of words; the 64th is the sign. */
const UNIFORM_BITS = 63
/** Below, noise is always 0; above, sums would leave the integers that a double holds. */
const STD_RANGE = { low: 2 ** -6, high: 2 ** 40 } as const
/**
 * Relative error granted to the float64 tail and to U's float64 value: eight times what the worst case of a few units
 * in erfc and of 2^-52 in its argument, amplified by 2y² <= 90, adds up to.
 */
const TAIL_ERROR = 2 ** -42

/**
 * Adds an independent round(std · Z) to each value; values are integers below 2^52 and stay exact.
 *
 * @throws SoftpostError `privacy-argument` for a `std` outside [2^-6, 2^40].
 */
export function addRoundedGaussian(values: Float64Array, std: number, random: RandomSource): void {
  if (!(std >= STD_RANGE.low && std <= STD_RANGE.high)) {
    throw new SoftpostError('privacy-argument', `noise needs a standard deviation from 2^-6 to 2^40, got ${std}`)
  }
  forEachPair(random, values.length, (i, high, low) => {
    const magnitude = drawMagnitude(high >>> 1, low, std, random)
    values[i] = (values[i] ?? 0) + (high & 1 ? -magnitude : magnitude)
  })
}

/** |R| for a U of the 63 bits `top`, `low` and whatever further bits it takes. */
function drawMagnitude(top: number, low: number, std: number, random: RandomSource): number {
  const u = top * 2 ** -31 + (low + 0.5) * 2 ** -UNIFORM_BITS
  const tail = (k: number): number => erfc((k + 0.5) / (std * Math.SQRT2))
  let magnitude = Math.round(std * halfNormalQuantile(u))
  let below = magnitude > 0 ? tail(magnitude - 1) : 1
  while (magnitude > 0 && u >= below) {
    magnitude -= 1
    below = magnitude > 0 ? tail(magnitude - 1) : 1
  }
  let above = tail(magnitude)
  while (u < above) {
    magnitude += 1
    below = above
    above = tail(magnitude)
  }
  if (isClear(u, above) && (magnitude === 0 || isClear(u, below))) return magnitude
  return exactMagnitude(magnitude, { prefix: (BigInt(top) << 32n) | BigInt(low), bits: UNIFORM_BITS }, std, random)
}

/** Whether float64 is sure on which side of the tail all of the interval of 2^-63 around u lies. */
function isClear(u: number, tail: number): boolean {
  return Math.abs(u - tail) > TAIL_ERROR * tail + 2 ** -UNIFORM_BITS
}

/** The same inversion in exact arithmetic: steps that double away from `start`, then bisection. */
function exactMagnitude(start: number, first: UniformBits, std: number, random: RandomSource): number {
  let uniform = first
  const isBelow = (k: number): boolean => {
    if (k < 0) return true
    const answer = isBelowTail(uniform, { k, std }, random)
    uniform = answer.uniform
    return answer.below
  }
  // U is below the tail at `low` and not below that at `high`.
  let low = start - 1
  let high = start
  for (let step = 1; !isBelow(low); step *= 2) [low, high] = [Math.max(-1, low - step), low]
  for (let step = 1; isBelow(high); step *= 2) [low, high] = [high, high + step]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isBelow(middle)) low = middle
    else high = middle
  }
  return high
}
