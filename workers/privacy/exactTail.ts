/**
 * P[|round(sZ)| > k] of a standard normal Z, decided against random bits exactly, in BigInt fixed point. The fast path
 * of `noise.ts` comes here for the few draws that float64 cannot decide.
 *
 * With y = (k + 1/2) / (s √2) the probability is
 *
 *     erfc(y) = 1 - (2y/√π) Σ_n (-y²)^n / (n! (2n+1)),   2y/√π = (2k+1) / (s √(2π)),   y² = (2k+1)² / (8s²)
 *
 * and y² is rational since s is a double.
 */
import { type RandomSource, random64 } from './random.ts'

/** Bits below the last one asked for; covers the rounding of every operation (a few thousand units at most). */
const GUARD_BITS = 64

/**
 * Whether a uniform U in [0, 1) is below P[|round(sZ)| > k].
 *
 * @param first the bits of U known so far. More are drawn from `random` while they do not decide, and all of them are
 *   returned, so that a second question about the same U is asked of the same U.
 */
export function isBelowTail(
  first: UniformBits,
  { k, std }: { readonly k: number; readonly std: number },
  random: RandomSource,
): { readonly below: boolean; readonly uniform: UniformBits } {
  let uniform = first
  for (;;) {
    const precision = uniform.bits + GUARD_BITS
    const tail = tailFixedPoint(k, std, precision)
    const low = uniform.prefix << BigInt(GUARD_BITS)
    const high = (uniform.prefix + 1n) << BigInt(GUARD_BITS)
    // The computed tail is off by less than half the guard bits.
    const slack = 1n << BigInt(GUARD_BITS / 2)
    if (high <= tail - slack) return { below: true, uniform }
    if (low >= tail + slack) return { below: false, uniform }
    uniform = { prefix: (uniform.prefix << 64n) | random64(random), bits: uniform.bits + 64 }
  }
}

/** The first `bits` bits of a uniform in [0, 1), most significant first. */
export type UniformBits = { readonly prefix: bigint; readonly bits: number }

/** P[|round(sZ)| > k] times 2^precision, off by less than 2^32. */
export function tailFixedPoint(k: number, std: number, precision: number): bigint {
  const { numerator, shift } = asFraction(std)
  const odd = 2n * BigInt(k) + 1n
  const y2 = (odd * odd * (1n << BigInt(2 * shift))) / (8n * numerator * numerator)
  // Terms of the alternating series grow to e^{y²} before they fall.
  const work = precision + 2 * Number(y2 + 1n)
  const one = 1n << BigInt(work)
  const square = (odd * odd * (1n << BigInt(2 * shift + work))) / (8n * numerator * numerator)
  let power = one
  let sum = 0n
  for (let n = 0n; power !== 0n; n += 1n) {
    const term = power / (2n * n + 1n)
    sum += n % 2n === 0n ? term : -term
    power = ((power * square) >> BigInt(work)) / (n + 1n)
  }
  const factor = (odd * (1n << BigInt(shift + 2 * work))) / (numerator * rootTwoPi(work))
  return (one - ((factor * sum) >> BigInt(work))) >> BigInt(work - precision)
}

/** A positive double as numerator / 2^shift. */
function asFraction(value: number): { readonly numerator: bigint; readonly shift: number } {
  let scaled = value
  let shift = 0
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    shift += 1
  }
  return { numerator: BigInt(scaled), shift }
}

/** √(2π) · 2^bits. */
function rootTwoPi(bits: number): bigint {
  const work = bits + 16
  // Machin: π = 16 atan(1/5) - 4 atan(1/239).
  const pi = 16n * arctanOfInverse(5n, work) - 4n * arctanOfInverse(239n, work)
  return integerRoot(pi << BigInt(work + 1)) >> 16n
}

function arctanOfInverse(x: bigint, bits: number): bigint {
  let power = (1n << BigInt(bits)) / x
  let sum = 0n
  for (let n = 0n; power !== 0n; n += 1n) {
    const term = power / (2n * n + 1n)
    sum += n % 2n === 0n ? term : -term
    power /= x * x
  }
  return sum
}

/** Floor of the square root, by Newton's method from above. */
function integerRoot(value: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2))
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
