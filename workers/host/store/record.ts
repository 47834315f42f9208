/** What the host keeps of a transfer on disk, beside the prompt's own files. */
import * as z from 'zod/mini'
import { ERROR_CODES } from '../../protocol/errors.ts'
import { JobState, ModelId, TransferJob, TransferRequest } from '../../protocol/wire.ts'

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/))

/** `record.json`: what was asked, by whom and until when. Written once, before the queue knows of it. */
export const TransferRecord = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  tenant: z.string(),
  /** Address of the request's content, tenant included: the same upload twice is one job. */
  key: sha256,
  request: TransferRequest,
  /** The large model that the result is for, and which version of it. */
  teacher: z.strictObject({ id: ModelId, sha256 }),
  prompt: z.strictObject({ configSha256: sha256, weightsSha256: sha256, sizeBytes: z.int() }),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
export type TransferRecord = z.infer<typeof TransferRecord>

/** `status.json`: how far it is. Written by the process that runs the job alone. */
export const TransferStatus = z.strictObject({
  state: JobState,
  phase: z.enum(['waiting', 'constants', 'steps', 'done']),
  step: z.int(),
  steps: z.int(),
  loss: z.nullable(z.number()),
  secondsLeft: z.nullable(z.number()),
  alpha: z.nullable(z.number()),
  error: z.nullable(z.strictObject({ code: z.enum(ERROR_CODES), message: z.string() })),
  /** Times it was started; a stop of the host in good order does not count. */
  attempts: z.int(),
  /** Seconds that all attempts computed so far. */
  seconds: z._default(z.number(), 0),
  /** Who runs it, so that a host that died is told from one that works. */
  runner: z.nullable(z.strictObject({ host: z.string(), pid: z.int() })),
  /** Name of the result folder: the hash of the prompt for the large model. */
  result: z.nullable(sha256),
})
export type TransferStatus = z.infer<typeof TransferStatus>

export const QUEUED: TransferStatus = {
  state: 'queued',
  phase: 'waiting',
  step: 0,
  steps: 0,
  loss: null,
  secondsLeft: null,
  alpha: null,
  error: null,
  attempts: 0,
  seconds: 0,
  runner: null,
  result: null,
}

export type StoredTransfer = { readonly record: TransferRecord; readonly status: TransferStatus }

/** What the person who asked is shown. */
export function toJob({ record, status }: StoredTransfer): TransferJob {
  const { state, phase, step, steps, loss, secondsLeft, alpha, error } = status
  return { id: record.id, state, phase, step, steps, loss, secondsLeft, alpha, error, expiresAt: record.expiresAt }
}

export function isOver(status: TransferStatus): boolean {
  return status.state === 'finished' || status.state === 'failed'
}

const Id = z.uuid()

export function isTransferId(text: string): boolean {
  return Id.safeParse(text).success
}

/** The status in a file's text; null where it is missing or torn (a power cut between two progress writes). */
export function parseStatus(text: string | null): TransferStatus | null {
  if (text === null) return null
  try {
    return TransferStatus.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** What is known without a status: whether there is a result. */
export function resultStatus(result: string | null): TransferStatus {
  return result === null ? QUEUED : { ...QUEUED, state: 'finished', phase: 'done', result }
}
