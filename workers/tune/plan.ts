/** The numbers of a run: those that were asked for, and defaults for the rest. All of them are public. */
import { planPrivacy } from '../privacy/plan.ts'
import { SoftpostError, type ErrorCode } from '../protocol/errors.ts'
import type { Task } from '../protocol/task.ts'
import type { TuningPlan, TuningRequest } from '../protocol/tuning.ts'

export type PlanFacts = {
  readonly task: Task
  /** Units (rows, or persons) that may be sampled, N. */
  readonly trainRows: number
  readonly heldOutRows: number
}

type Defaults = {
  readonly promptLength: number
  /** Expected batch size B where the file is large enough for it. */
  readonly batchSize: number
  /** Largest share of the rows that a step samples, q: more helps little, since noise then grows nearly as fast. */
  readonly sampleRate: number
  readonly steps: number
  /** At the first step; it falls to 0 along a cosine. */
  readonly learningRate: number
  readonly optimizer: 'adam' | 'sgd'
  readonly checkpointEvery: number
}

/**
 * Public choices, never made on a private file. With privacy: few large steps, since noise is added once per step
 * whatever its batch, so that four times the batch and a quarter of the steps see as many rows through a third of the
 * noise (docs/results.md); a small C, since Adam makes up for the gradient's scale.
 */
export const DEFAULTS = {
  private: {
    promptLength: 20,
    batchSize: 1_024,
    sampleRate: 0.5,
    steps: 25,
    learningRate: 0.04,
    optimizer: 'adam',
    checkpointEvery: 5,
  },
  plain: {
    promptLength: 20,
    batchSize: 64,
    sampleRate: 0.5,
    steps: 200,
    learningRate: 0.02,
    optimizer: 'adam',
    checkpointEvery: 10,
  },
  clipNorm: 0.1,
  /** Enough to speak for a person; more cost time in each step. */
  maxRowsPerPerson: 10,
} as const satisfies { private: Defaults; plain: Defaults; clipNorm: number; maxRowsPerPerson: number }

/** Beyond these a number is a slip of the keyboard, or takes more memory and time than a run may. */
const LIMITS = { promptLength: 1_024, steps: 100_000, learningRate: 10, maxRowsPerPerson: 10_000 } as const

/**
 * @param privacyOf one that remembers, for somebody who plans again and again.
 * @throws SoftpostError `bad-request` and `privacy-argument` for numbers out of range, `privacy-unreachable` for an ε in
 * which nothing is learned.
 */
export function makePlan(
  request: TuningRequest,
  facts: PlanFacts,
  privacyOf: typeof planPrivacy = planPrivacy,
): TuningPlan {
  const defaults: Defaults = request.budget === null ? DEFAULTS.plain : DEFAULTS.private
  const { task, trainRows, heldOutRows } = facts
  const promptLength = request.promptLength ?? defaults.promptLength
  const steps = request.steps ?? defaults.steps
  const learningRate = request.learningRate ?? defaults.learningRate
  const checkpointEvery = request.checkpointEvery ?? defaults.checkpointEvery
  const { maxRowsPerPerson } = request
  const batchSize = request.batchSize ?? defaultBatch(defaults, trainRows)
  check('bad-request', [
    [isCount(trainRows), `a run needs at least one row to train on, got ${trainRows}; add rows`],
    [
      isCount(promptLength) && promptLength <= LIMITS.promptLength,
      `the prompt length must be a whole number from 1 to ${LIMITS.promptLength}, got ${promptLength}`,
    ],
    [isCount(steps) && steps <= LIMITS.steps, `steps must be a whole number from 1 to ${LIMITS.steps}, got ${steps}`],
    [
      learningRate > 0 && learningRate <= LIMITS.learningRate,
      `the learning rate must be above 0 and at most ${LIMITS.learningRate}, got ${learningRate}`,
    ],
    [isCount(checkpointEvery), `steps between checkpoints must be a whole number from 1 on, got ${checkpointEvery}`],
  ])
  check('privacy-argument', [
    [
      isCount(batchSize) && batchSize <= trainRows,
      `the batch size must be a whole number from 1 to the ${trainRows} rows to train on, got ${batchSize}`,
    ],
    [
      request.budget !== null || request.clipNorm === undefined,
      'a clip norm belongs to a run with differential privacy; leave it out, or set ε',
    ],
    [
      maxRowsPerPerson === undefined || (isCount(maxRowsPerPerson) && maxRowsPerPerson <= LIMITS.maxRowsPerPerson),
      `rows per person must be a whole number from 1 to ${LIMITS.maxRowsPerPerson}, got ${maxRowsPerPerson}`,
    ],
  ])
  const sampleRate = batchSize / trainRows
  return {
    task,
    promptLength,
    batchSize,
    steps,
    learningRate,
    optimizer: request.optimizer ?? defaults.optimizer,
    checkpointEvery,
    trainRows,
    sampleRate,
    ...(maxRowsPerPerson === undefined ? {} : { maxRowsPerPerson }),
    privacy:
      request.budget === null
        ? null
        : privacyOf({
            ...request.budget,
            trainRows,
            heldOutRows,
            sampleRate,
            steps,
            clipNorm: request.clipNorm ?? DEFAULTS.clipNorm,
          }),
  }
}

function defaultBatch({ batchSize, sampleRate }: Defaults, trainRows: number): number {
  return Math.max(1, Math.min(batchSize, Math.floor(trainRows * sampleRate)))
}

/** Without privacy, but with the knobs that a private run on so many rows has: what its noise alone costs. */
export function asPrivate({ budget: _none, ...request }: TuningRequest, trainRows: number): TuningRequest {
  const { promptLength, steps, learningRate, optimizer } = DEFAULTS.private
  const batchSize = defaultBatch(DEFAULTS.private, trainRows)
  return { promptLength, steps, learningRate, optimizer, batchSize, ...request, budget: null }
}

/** The request that names every number of a plan: `makePlan` of it gives the plan back. */
export function requestOf(plan: TuningPlan): TuningRequest {
  const { promptLength, batchSize, steps, learningRate, optimizer, checkpointEvery, privacy } = plan
  const knobs = { promptLength, batchSize, steps, learningRate, optimizer, checkpointEvery }
  if (privacy === null) return { budget: null, ...knobs }
  const { epsilon, delta, clipNorm } = privacy
  const unit = plan.maxRowsPerPerson === undefined ? {} : { maxRowsPerPerson: plan.maxRowsPerPerson }
  return { budget: { epsilon, delta }, ...knobs, clipNorm, ...unit }
}

function check(code: ErrorCode, rules: readonly (readonly [holds: boolean, message: string])[]): void {
  for (const [holds, message] of rules) if (!holds) throw new SoftpostError(code, message)
}

/** A whole number from 1 on. */
function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
