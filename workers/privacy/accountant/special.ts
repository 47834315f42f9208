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

const ERF_P = [
  1.85777706184603153e-1, 3.1611237438705656, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3,
]
const ERF_Q = [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3]
const MIDDLE_P = [
  2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
  8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
]
const MIDDLE_Q = [
  1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3, 3.29079923573345963e3,
  4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
]
const LARGE_P = [
  1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
  1.60837851487422766e-2, 6.58749161529837803e-4,
]
const LARGE_Q = [
  1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3,
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
