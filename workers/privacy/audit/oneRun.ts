/**
 * What guesses about canaries prove about ε, from one run: Steinke, Nasr and Jagielski, "Privacy Auditing with One (1)
 * Training Run", NeurIPS 2023 (arXiv 2305.08846), theorem 5.2.
 *
 * Each of m canaries took part or not by a fair coin. Whoever saw the result guesses r of the coins and is right v times.
 * Under (ε, δ) the right guesses are at most a Binomial(r, w) with w = e^ε / (1 + e^ε), but for a term in δ:
 *
 *     p(ε) = P[W >= v] + 2 m δ max_{1 <= i <= v} P[v > W >= v - i] / i
 *
 * and every ε whose p is below 1 - confidence is refuted.
 */
import { SoftpostError } from '../../protocol/errors.ts'

export type Guesses = {
  /** Canaries whose coins were thrown, m. */
  readonly canaries: number
  /** Guesses made, r: a number fixed before the result is seen. */
  readonly guesses: number
  /** Right guesses, v. */
  readonly correct: number
}

export type BoundOptions = { readonly delta: number; readonly confidence?: number }

export const CONFIDENCE = 0.95

/** No number of guesses in reach proves more. */
const HIGHEST = 50
/** Absolute; far below the digits that are shown. */
const WIDTH = 1e-9

/**
 * The largest ε that the guesses refute; 0 where they refute none.
 *
 * @throws SoftpostError `privacy-argument` for counts that do not fit each other.
 */
export function provenEpsilon(guesses: Guesses, { delta, confidence = CONFIDENCE }: BoundOptions): number {
  checkCounts(guesses)
  const { canaries, guesses: trials, correct } = guesses
  if (correct === 0) return 0
  const choices = logChoices(trials)
  const isRefuted = (epsilon: number): boolean =>
    pValue({ choices, trials, correct, epsilon, slack: 2 * canaries * delta }) < 1 - confidence
  if (!isRefuted(0)) return 0
  let low = 0
  let high = HIGHEST
  while (high - low > WIDTH) {
    const middle = (low + high) / 2
    if (isRefuted(middle)) low = middle
    else high = middle
  }
  return low
}

type Trial = {
  readonly choices: Float64Array
  readonly trials: number
  readonly correct: number
  readonly epsilon: number
  readonly slack: number
}

function pValue({ choices, trials, correct, epsilon, slack }: Trial): number {
  const logHit = -Math.log1p(Math.exp(-epsilon))
  const logMiss = logHit - epsilon
  const mass = (k: number): number => Math.exp((choices[k] ?? -Infinity) + k * logHit + (trials - k) * logMiss)
  let atLeast = 0
  for (let k = trials; k >= correct; k -= 1) atLeast += mass(k)
  let below = 0
  let steepest = 0
  for (let i = 1; i <= correct; i += 1) {
    below += mass(correct - i)
    steepest = Math.max(steepest, below / i)
  }
  return Math.min(1, atLeast + slack * steepest)
}

/** ln C(n, k) for k = 0..n. */
function logChoices(n: number): Float64Array {
  const logs = new Float64Array(n + 1)
  for (let k = 1; k <= n; k += 1) logs[k] = (logs[k - 1] ?? 0) + Math.log((n - k + 1) / k)
  return logs
}

function checkCounts({ canaries, guesses, correct }: Guesses): void {
  const isSound =
    [canaries, guesses, correct].every((count) => Number.isSafeInteger(count) && count >= 0) &&
    correct <= guesses &&
    guesses <= canaries
  if (!isSound) {
    throw new SoftpostError(
      'privacy-argument',
      `an audit needs right guesses <= guesses <= canaries, got ${correct}, ${guesses} and ${canaries}`,
    )
  }
}
