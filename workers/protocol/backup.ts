/**
 * The backup file: runs that are over with their prompts, curves and certificates, and the ledger's part of them. It
 * holds no row and no fingerprint of one, so a run that is not over is not in it: it could not go on.
 */
import * as z from 'zod/mini'
import { Certificate } from './certificate.ts'
import { BudgetFile, DATA_NAME_LENGTH } from './ledger.ts'
import { Task, TASK_LIMITS } from './task.ts'
import { WEIGHT_FORMATS } from './tuning.ts'

/** More than anybody makes in a browser; a file beyond is not one of ours. */
const LIMITS = { runs: 1_000, budgets: 1_000, points: 1_000_000, promptLength: 4_096 } as const

const positive = z.number().check(z.positive())
const nonNegative = z.number().check(z.nonnegative())
const count = z.int().check(z.positive())
const steps = z.int().check(z.nonnegative())
const share = z.number().check(z.positive(), z.lte(1))
const delta = z.number().check(z.positive(), z.lt(1))

const PrivacyPlan = z.strictObject({
  epsilon: positive,
  delta,
  sigma: positive,
  clipNorm: positive,
  epsilonPlanned: positive,
  heldOutSigma: nonNegative,
  heldOutEvaluations: steps,
  accountant: z.string().check(z.maxLength(64)),
})

const Plan = z.strictObject({
  task: Task,
  promptLength: count.check(z.lte(LIMITS.promptLength)),
  batchSize: positive,
  steps: count,
  learningRate: positive,
  optimizer: z.enum(['adam', 'sgd']),
  checkpointEvery: count,
  trainRows: count,
  sampleRate: share,
  privacy: z.nullable(PrivacyPlan),
  maxRowsPerPerson: z.exactOptional(count),
})

/** Noise carries covered figures beyond their range. */
const Point = z.strictObject({
  step: steps,
  loss: z.number(),
  accuracy: z.number(),
  clipped: z.exactOptional(z.number()),
  covered: z.boolean(),
  epsilon: z.nullable(nonNegative),
})

const HeldOut = z.strictObject({
  step: steps,
  accuracy: z.number(),
  confusion: z
    .array(z.array(z.number()).check(z.maxLength(TASK_LIMITS.classes)))
    .check(z.maxLength(TASK_LIMITS.classes)),
  covered: z.boolean(),
  chosen: z.exactOptional(z.literal(true)),
})

const SelfCheck = z.strictObject({
  step: steps,
  moved: z.boolean(),
  noise: z.nullable(z.boolean()),
  finite: z.boolean(),
})

/** A run as it stands in a backup. Its curves are what the page shows: the covered ones where it has differential privacy. */
export const SavedRun = z.strictObject({
  runId: z.uuid(),
  createdAt: steps,
  dataName: z.string().check(z.maxLength(DATA_NAME_LENGTH)),
  plan: Plan,
  student: z.strictObject({
    id: z.string().check(z.maxLength(128)),
    sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    layers: count,
    weights: z.exactOptional(z.enum(WEIGHT_FORMATS)),
  }),
  /** Null where answers are texts. */
  labelTokens: z.nullable(
    z
      .array(z.array(steps).check(z.minLength(1), z.maxLength(TASK_LIMITS.wordsPerClass)))
      .check(z.minLength(2), z.maxLength(TASK_LIMITS.classes)),
  ),
  status: z.enum(['finished', 'stopped']),
  stepsDone: count,
  stepsSpent: count,
  epsilonSpent: z.nullable(nonNegative),
  points: z.array(Point).check(z.maxLength(LIMITS.points)),
  heldOut: z.nullable(HeldOut),
  selfCheck: z.exactOptional(SelfCheck),
  /** The matrix `[P, d]`, row after row: little-endian float32 in base64. */
  prompt: z.string().check(z.regex(/^[A-Za-z0-9+/]+={0,2}$/)),
  certificate: Certificate,
})
export type SavedRun = z.infer<typeof SavedRun>

export const BackupFile = z.strictObject({
  format: z.literal('softpost-backup'),
  version: z.literal(1),
  runs: z.array(SavedRun).check(z.maxLength(LIMITS.runs)),
  /** What the ledger knows, one part for each data file. */
  budgets: z.array(BudgetFile).check(z.maxLength(LIMITS.budgets)),
})
export type BackupFile = z.infer<typeof BackupFile>

/** Made for one download. */
export type SavedBackup = {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly runs: number
  /** Runs that are not over, or have no prompt. */
  readonly leftOut: number
}

export type RestoredBackup = {
  readonly added: number
  /** Runs that were here already; they stay as they are. */
  readonly known: number
  /** Names of data files whose rows this browser does not know; see `WaitingFile`. */
  readonly waiting: readonly string[]
}
