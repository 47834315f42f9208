import * as z from 'zod/mini'
import { Task } from './task.ts'
import { WEIGHT_FORMATS } from './tuning.ts'

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/))
const positive = z.number().check(z.positive())

/** Exact figures of the rows were seen before this prompt was chosen. */
export const SAW_PRIVATE = 'saw private data; ε does not cover the choice'

/** A run of the Poisson-subsampled Gaussian mechanism, as it was planned (paper: PromptDPSGD). */
export const MechanismClaim = z.strictObject({
  kind: z.literal('poisson-subsampled-gaussian'),
  /** Unit of privacy and what neighbours differ in: one unit replaced by nothing at its place. */
  unit: z.enum(['row', 'person']),
  /** Of a person as the unit: how many of its rows take part at most, as their mean. */
  maxRowsPerPerson: z.optional(z.int().check(z.positive())),
  adjacency: z.literal('zero-out'),
  epsilon: positive,
  delta: z.number().check(z.positive(), z.lt(1)),
  /** Noise multiplier: the noise's standard deviation over the clip norm C. */
  sigma: positive,
  /** Poisson sampling rate q. */
  sampleRate: z.number().check(z.positive(), z.lte(1)),
  steps: z.int().check(z.positive()),
  clipNorm: positive,
  accountant: z.string().check(z.maxLength(64)),
})
export type MechanismClaim = z.infer<typeof MechanismClaim>

/** Runs that one certificate may list, so that a host can check it in bounded time. */
export const PROJECT_RUNS = 32

/**
 * All runs on the same rows that the sender declared as one project, this one among them, and their ε together. Each is
 * counted with all its planned steps, and with the noised counts on the units that it held out.
 */
export const ProjectClaim = z.strictObject({
  epsilon: positive,
  delta: z.number().check(z.positive(), z.lt(1)),
  /** Whether all plans were fixed before the first output, or later ones may follow from earlier ones. */
  composition: z.enum(['fixed-plans', 'renyi-filter']),
  /** In the order in which they were started; their unit is that of `privacy`. */
  runs: z
    .array(
      z.strictObject({
        sigma: positive,
        sampleRate: z.number().check(z.positive(), z.lte(1)),
        steps: z.int().check(z.positive()),
        heldOut: z.nullable(z.strictObject({ sigma: positive, evaluations: z.int().check(z.positive()) })),
      }),
    )
    .check(z.minLength(1), z.maxLength(PROJECT_RUNS)),
})
export type ProjectClaim = z.infer<typeof ProjectClaim>

/**
 * What is released with a prompt: how it was made, in public quantities only. No times, no real batch sizes, no
 * fingerprints, no private figures. `privacy` is null for a run without differential privacy.
 */
export const Certificate = z.strictObject({
  format: z.literal('softpost-certificate'),
  version: z.literal(1),
  privacy: z.nullable(MechanismClaim),
  /** Missing without differential privacy, and in certificates from before there was a ledger. */
  project: z.optional(ProjectClaim),
  /** Why this prompt and not another: whether a choice was made that ε does not cover. */
  selection: z.enum(['covered', SAW_PRIVATE, 'no differential privacy']),
  declaredPublic: z.strictObject({
    task: Task,
    promptLength: z.int().check(z.positive()),
    learningRate: positive,
    optimizer: z.enum(['adam', 'sgd']),
  }),
  student: z.strictObject({
    id: z.string().check(z.maxLength(128)),
    sha256,
    /** What its weights were rounded to; the numbers of the files where it is missing. */
    weights: z.optional(z.enum(WEIGHT_FORMATS)),
  }),
  promptSha256: sha256,
})
export type Certificate = z.infer<typeof Certificate>
