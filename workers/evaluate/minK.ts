/**
 * Min-K% (Shi et al. 2023, arXiv 2310.16789): whether a text was in a model's training data, guessed by the words that
 * the model expected least. Texts that it has seen hold fewer surprises.
 */
import { judgeGuesses, type GuessFigures } from '../privacy/audit/roc.ts'
import type { RandomSource } from '../privacy/random.ts'

/** K of their best results. */
const SHARE = 0.2

/** Losses of a text's tokens, in nats. @returns minus the mean of the largest: higher for a text that was seen. */
export function minKScore(losses: ArrayLike<number>): number {
  const sorted = Float64Array.from(losses).sort()
  const count = Math.max(1, Math.round(SHARE * sorted.length))
  return -sorted.subarray(-count).reduce((sum, loss) => sum + loss, 0) / count
}

export type LeakageScores = {
  /** Of texts that the model, or its teacher, was trained on. */
  readonly members: readonly number[]
  readonly others: readonly number[]
}

/** How well the scores tell the two apart. */
export function judgeLeakage({ members, others }: LeakageScores, random: RandomSource): GuessFigures {
  const guesses = [...members, ...others].map((lnRatio, row) => ({
    row,
    // One model is attacked.
    target: 0,
    isMember: row < members.length,
    lnRatio,
  }))
  return judgeGuesses(guesses, () => 1, random)
}
