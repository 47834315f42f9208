/**
 * One task at four strengths of protection, measured once on public data: the sample (10,003 questions to a bank in 8
 * groups, 3,073 others to measure on), the demo student, the default plan. `guesses` follow from the accountant and hold
 * for any attack; `found` is what a likelihood ratio attack found (docs/performance.md and docs/privacy.md).
 */
export type Measured = {
  /** Null: no differential privacy. */
  readonly epsilon: number | null
  /** Of right answers; null where it was not measured. */
  readonly accuracy: number | null
  /** Right guesses in 100 whether a row took part, at most. */
  readonly guesses: number
  /** Area under the curve of the attack, where it was run. */
  readonly attack: number | null
}

export const WITHOUT_PROMPT = 0.33

export const MEASURED: readonly Measured[] = [
  { epsilon: 1, accuracy: 0.442, guesses: 56, attack: null },
  { epsilon: 4, accuracy: null, guesses: 68, attack: null },
  { epsilon: 8, accuracy: 0.446, guesses: 80, attack: 0.547 },
  { epsilon: null, accuracy: 0.491, guesses: 100, attack: 0.621 },
]
