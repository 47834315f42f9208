/** Schemas of everything that crosses HTTP, parsed on both sides. Unknown fields are refused. */
import * as z from 'zod/mini'
import { Certificate } from './certificate.ts'
import { ERROR_CODES } from './errors.ts'
import { Task } from './task.ts'
import { WEIGHT_FORMATS } from './tuning.ts'

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/))
const PublicSetId = z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/))
export const ModelId = z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/))

export const Alpha = z.union([z.literal('auto'), z.number().check(z.gte(0), z.lte(1))])
export type Alpha = z.infer<typeof Alpha>

/** `request.json` of `POST /v1/transfers`. */
export const TransferRequest = z.strictObject({
  version: z.literal(1),
  /** `weights`: what its weights were rounded to while the prompt was tuned; they are rounded alike for the transfer. */
  student: z.strictObject({ id: ModelId, sha256, weights: z.optional(z.enum(WEIGHT_FORMATS)) }),
  task: Task,
  publicSet: PublicSetId,
  alpha: Alpha,
  steps: z.nullable(z.int().check(z.positive(), z.lte(20_000))),
  certificate: Certificate,
})
export type TransferRequest = z.infer<typeof TransferRequest>

/** Names of the parts of the multipart upload, and of the files of a PEFT folder. */
export const PARTS = {
  config: 'adapter_config.json',
  weights: 'adapter_model.safetensors',
  request: 'request.json',
} as const

export const ErrorBody = z.strictObject({
  error: z.strictObject({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    data: z.optional(z.record(z.string(), z.unknown())),
  }),
})

export const JobState = z.enum(['queued', 'running', 'finished', 'failed'])
export type JobState = z.infer<typeof JobState>

/** `GET /v1/transfers/{id}`, and each SSE event of `/events`. */
export const TransferJob = z.strictObject({
  id: z.string(),
  state: JobState,
  phase: z.enum(['waiting', 'constants', 'steps', 'done']),
  step: z.int(),
  steps: z.int(),
  loss: z.nullable(z.number()),
  secondsLeft: z.nullable(z.number()),
  /** α as used, once known. */
  alpha: z.nullable(z.number()),
  error: z.nullable(z.strictObject({ code: z.enum(ERROR_CODES), message: z.string() })),
  expiresAt: z.string(),
})
export type TransferJob = z.infer<typeof TransferJob>

export const ModelInfo = z.strictObject({
  id: ModelId,
  role: z.enum(['teacher', 'student']),
  /** For a student: the id of the teacher that it stands for. */
  teacher: z.nullable(ModelId),
  name: z.string(),
  description: z.string(),
  licence: z.string(),
  architecture: z.string(),
  layers: z.int(),
  width: z.int(),
  vocabulary: z.int(),
  parameters: z.int(),
  /** SHA-256 over the sorted file hashes: the model's identity. */
  sha256,
  /** Empty for a model that is not given out (a teacher). */
  files: z.array(z.strictObject({ name: z.string(), sizeBytes: z.int(), sha256 })),
})
export type ModelInfo = z.infer<typeof ModelInfo>
export const ModelList = z.strictObject({ models: z.array(ModelInfo) })

export const PublicSet = z.strictObject({
  id: PublicSetId,
  name: z.string(),
  description: z.string(),
  /** The same words for readers of German. */
  german: z.optional(z.strictObject({ description: z.string(), domain: z.string() })),
  licence: z.string(),
  domain: z.string(),
  rows: z.int(),
  sizeBytes: z.optional(z.int()),
  /** What its labels mean, in words; a set without it has none that are of use. */
  labels: z.optional(z.record(z.string(), z.array(z.string()))),
})
export type PublicSet = z.infer<typeof PublicSet>
export const PublicSetList = z.strictObject({ publicSets: z.array(PublicSet) })

/** `POST /v1/prompts/{id}/classify`: the large model with the transferred prompt. The texts leave the device. */
export const ClassifyRequest = z.strictObject({
  texts: z.array(z.string().check(z.maxLength(20_000))).check(z.minLength(1), z.maxLength(256)),
})
export type ClassifyRequest = z.infer<typeof ClassifyRequest>

export const ClassifyResponse = z.strictObject({
  predictions: z.array(
    z.strictObject({
      label: z.string(),
      probabilities: z.array(z.strictObject({ label: z.string(), probability: z.number() })),
    }),
  ),
})
export type ClassifyResponse = z.infer<typeof ClassifyResponse>

/** Texts of one {@link GenerateRequest}; each may take a second on a small machine. */
const GENERATE_TEXTS = 64

/** `POST /v1/prompts/{id}/generate`, for a prompt of an extract task. The texts leave the device. */
export const GenerateRequest = z.strictObject({
  texts: z.array(z.string().check(z.maxLength(20_000))).check(z.minLength(1), z.maxLength(GENERATE_TEXTS)),
})
export type GenerateRequest = z.infer<typeof GenerateRequest>

/** What the large model writes for one text; `ended`: by the end mark or its own end of text, not by length. */
export const GeneratedAnswer = z.strictObject({
  answer: z.string(),
  tokens: z.array(z.strictObject({ text: z.string(), probability: z.number() })),
  ended: z.boolean(),
})
export type GeneratedAnswer = z.infer<typeof GeneratedAnswer>

/** A line of the answer to {@link GenerateRequest}: one a text, in their order; an error is the last line. */
export const GenerateLine = z.union([GeneratedAnswer, ErrorBody])
export type GenerateLine = z.infer<typeof GenerateLine>

/** `config.json` beside the page: where the API is ('' is the same origin), and whether this is a workshop. */
export const SiteConfig = z.strictObject({ endpoint: z.string(), workshop: z.optional(z.boolean()) })
export type SiteConfig = z.infer<typeof SiteConfig>

/** What the machine of a workshop shows to the room. `address` holds the key; `qr` has a row of 0 and 1 a line. */
export const Invitation = z.strictObject({
  address: z.string(),
  fingerprint: z.string(),
  qr: z.array(z.string().check(z.regex(/^[01]+$/))),
})
export type Invitation = z.infer<typeof Invitation>
