/** Which prompts were sent, so that a reload finds their jobs again. No rows, no texts, no prompt bytes. */
import type { Alpha, TransferJob } from '../../workers/protocol/wire.ts'
import { withDatabase } from './database.ts'

export type SentTransfer = {
  readonly jobId: string
  readonly runId: string
  readonly studentId: string
  readonly teacherName: string
  readonly publicSet: string
  readonly alpha: Alpha
  /** Milliseconds since 1970, on this device's clock. */
  readonly sentAt: number
  readonly sizeBytes: number
  /** SHA-256 of `adapter_model.safetensors`. */
  readonly promptSha256: string
  /** ε of the certificate; null for a run without differential privacy. */
  readonly epsilon: number | null
  /** The job as it was last seen. */
  readonly job: TransferJob
}

export async function listTransfers(): Promise<SentTransfer[]> {
  const all = await withDatabase((database) => database.getAll('transfers'))
  return all.sort((a, b) => b.sentAt - a.sentAt)
}

export async function saveTransfer(transfer: SentTransfer): Promise<void> {
  await withDatabase((database) => database.put('transfers', transfer))
}

export async function forgetTransfer(jobId: string): Promise<void> {
  await withDatabase((database) => database.delete('transfers', jobId))
}
