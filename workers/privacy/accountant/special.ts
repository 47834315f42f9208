/**
 * The complementary error function with relative accuracy in the tail, and sums in the log domain.
 *
 * JavaScript has no erf. The rational approximations are W. J. Cody, "Rational Chebyshev approximations for the error
 * function", Math. Comp. 23 (1969), with the coefficients of his CALERF; relative error a few units of 2^-53.
 */

const INVERSE_SQRT_PI = 0.5641895835477563
/** Below this, erfc is 1 - erf without loss. */
const SMALL = 0.46875
const MIDDLE = 4
/** erfc(28) is below the smallest double. */
const UNDERFLOW = 28

const ERF_P = [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694]
const ERF_Q = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171]
const MIDDLE_P = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
  1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
]
const MIDDLE_Q = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
]
const LARGE_P = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
]
const LARGE_Q = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
]

function horner(coefficients: readonly number[], x: number): number {
  let value = 0
  for (const coefficient of coefficients) value = value * x + coefficient
  return value
}

function erfSmall(x: number): number {
  const square = x * x
  return (x * horner(ERF_P, square)) / horner(ERF_Q, square)
}

/** e^{x²} erfc(x) for x > SMALL. */
function scaledTail(x: number): number {
  if (x <= MIDDLE) return horner(MIDDLE_P, x) / horner(MIDDLE_Q, x)
  const inverse = 1 / (x * x)
  return (INVERSE_SQRT_PI - (inverse * horner(LARGE_P, inverse)) / horner(LARGE_Q, inverse)) / x
}

/** e^{-x²}, with x split so that the square is exact and large x keep their relative accuracy. */
function expMinusSquare(x: number): number {
  const head = Math.trunc(x * 16) / 16
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head))
}

/** Complementary error function; 0 at +Infinity, 2 at -Infinity. */
export function erfc(x: number): number {
  if (x < -SMALL) return 2 - erfc(-x)
  if (x <= SMALL) return 1 - erfSmall(x)
  return x > UNDERFLOW ? 0 : expMinusSquare(x) * scaledTail(x)
}

/** ln(e^x - 1) for x > 0, without overflow. */
export function logExpm1(x: number): number {
  return x > 1 ? x + Math.log1p(-Math.exp(-x)) : Math.log(Math.expm1(x))
}

/** ln(1 + e^x), without overflow. */
export function log1pExp(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))
}

/** ln of the sum of e^t over the first `count` terms; -Infinity where there are none. */
export function logSum(terms: Float64Array, count: number): number {
  let highest = -Infinity
  for (let i = 0; i < count; i += 1) highest = Math.max(highest, terms[i] ?? 0)
  if (highest === -Infinity) return highest
  let total = 0
  for (let i = 0; i < count; i += 1) total += Math.exp((terms[i] ?? 0) - highest)
  return highest + Math.log(total)
}

/** P(Z > z) for a standard normal Z, with relative accuracy about z² units of 2^-53; 1 at -Infinity. */
export function normalTail(z: number): number {
  return 0.5 * erfc(z * Math.SQRT1_2)
}
