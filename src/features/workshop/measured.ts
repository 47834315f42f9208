/**
 * One task at four strengths of protection, measured once on public data: the sample (10,003 questions to a bank in 8
 * groups, 3,073 others to measure on), the demo student (sha256 dc85370a), the default plan, by `softpost tune` and
 * `softpost classify`. `guesses` follow from the accountant and hold for any attack.
 */
import type { MechanismNumbers } from '../../../workers/protocol/audit.ts'

export type Measured = {
  /** Null: no differential privacy. */
  readonly epsilon: number | null
  /** Share of right answers. */
  readonly accuracy: number
  /** Right guesses in 100 whether a row took part, at most. */
  readonly guesses: number
  /** The numbers of the run's noise; null where it has none. */
  readonly mechanism: MechanismNumbers | null
}

export const WITHOUT_PROMPT = 0.33

/** Share of pairs of a used and an unused row that a likelihood ratio attack told apart (docs/privacy.md). */
export const REAL_ROWS = { private: 0.547, plain: 0.621 } as const

/** 1,024 of some 9,700 rows a step, 25 steps; how many are held out is up to coins. */
const PLAN = { steps: 25, delta: 1e-5 } as const

export const MEASURED: readonly Measured[] = [
  { epsilon: 1, accuracy: 0.435, guesses: 56, mechanism: { ...PLAN, sampleRate: 1_024 / 9_701, sigma: 2.35812 } },
  { epsilon: 4, accuracy: 0.4344, guesses: 68, mechanism: { ...PLAN, sampleRate: 1_024 / 9_692, sigma: 1.01189 } },
  { epsilon: 8, accuracy: 0.444, guesses: 80, mechanism: { ...PLAN, sampleRate: 1_024 / 9_714, sigma: 0.720061 } },
  { epsilon: null, accuracy: 0.491, guesses: 100, mechanism: null },
]
