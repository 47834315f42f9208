import type { Task } from './task.ts'

/** Where the tensors live. `cpu` is for tests alone. */
export type BackendName = 'webgpu' | 'wasm' | 'cpu'

/**
 * What a model's weights are rounded to when it is loaded: a student of rounded weights is another function, so who
 * uses a prompt that was tuned on it rounds alike. `f32`: the numbers of the file. `f16`: every matrix to halves.
 * `int8`: the linear maps of the blocks to 8 bits with a scale for each output channel; embeddings stay as they are.
 * `f16-mixed`: as `f16`, and where a GPU has arithmetic in halves the blocks' products are formed in it, few at a time,
 * and added up in float32.
 */
export const WEIGHT_FORMATS = ['f32', 'f16', 'int8', 'f16-mixed'] as const
export type WeightFormat = (typeof WEIGHT_FORMATS)[number]

/** The backend that was chosen, why, and how many workers share the microbatches. */
export type RuntimeReport = {
  readonly backend: BackendName
  readonly reason: string
  readonly adapter: string | null
  readonly workers: number
}

/** A privacy budget, or null for a run without differential privacy. */
export type Budget = { readonly epsilon: number; readonly delta: number }

/**
 * The knobs of a run, all public and fixed before its first step. Undefined fields take defaults chosen on public data
 * for the size of the file (`workers/tune/plan.ts`).
 */
export type TuningRequest = {
  readonly budget: Budget | null
  readonly promptLength?: number
  readonly batchSize?: number
  readonly steps?: number
  readonly learningRate?: number
  readonly clipNorm?: number
  readonly optimizer?: 'adam' | 'sgd'
  /** Steps between durable checkpoints. */
  readonly checkpointEvery?: number
  /** Makes a person the unit: at most so many of its rows take part, as one. For files that name persons, with DP. */
  readonly maxRowsPerPerson?: number
}

/** A run as it will be done: every number that the mechanism and the accountant use. */
export type TuningPlan = {
  readonly task: Task
  readonly promptLength: number
  /** Expected batch size B = q N: the divisor of every step, never the sampled size. */
  readonly batchSize: number
  readonly steps: number
  readonly learningRate: number
  readonly optimizer: 'adam' | 'sgd'
  readonly checkpointEvery: number
  /** Units (rows, or persons) that may be sampled (N, public) and Poisson rate q. */
  readonly trainRows: number
  readonly sampleRate: number
  readonly privacy: PrivacyPlan | null
  /**
   * m: where it is given the unit is a person, who takes part with the mean of at most so many rows; else it is a row.
   */
  readonly maxRowsPerPerson?: number
}

/** What the best attack on a plan's outputs can reach, whatever else the attacker knows; shares, as upper bounds. */
export type PlanOdds = {
  /** How often a guess is right whether a unit took part, where a fair coin decided: from 1/2 to 1. */
  readonly rightGuesses: number
  /** Share of the participants who are recognised, for some shares of others that are wrongly suspected. */
  readonly recognised: readonly { readonly falseAlarms: number; readonly most: number }[]
  /** ε of a person who stands in so many rows; null where the unit is a person, or where no figure is known. */
  readonly person: { readonly rows: number; readonly epsilon: number } | null
}

export type PrivacyPlan = {
  readonly epsilon: number
  readonly delta: number
  readonly sigma: number
  readonly clipNorm: number
  /** ε of the whole plan by the accountant: at most `epsilon`. */
  readonly epsilonPlanned: number
  /** Noise (in units) on each held-out count, and how many evaluations it covers; their ε stays below the run's. */
  readonly heldOutSigma: number
  readonly heldOutEvaluations: number
  readonly accountant: string
}
