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

/** 256 of 9,676 rows a step, a hundred steps. */
const PLAN = { sampleRate: 256 / 9_676, steps: 100, delta: 1e-5 } as const

export const MEASURED: readonly Measured[] = [
  { epsilon: 1, accuracy: 0.429, guesses: 56, mechanism: { ...PLAN, sigma: 1.35434 } },
  { epsilon: 4, accuracy: 0.457, guesses: 68, mechanism: { ...PLAN, sigma: 0.743424 } },
  { epsilon: 8, accuracy: 0.446, guesses: 80, mechanism: { ...PLAN, sigma: 0.574098 } },
  { epsilon: null, accuracy: 0.491, guesses: 100, mechanism: null },
]
