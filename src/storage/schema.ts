/** Entries of the page's own database. No rows, no texts, no prompt bytes. */
import type { DBSchema } from 'idb'
import type { Alpha, TransferJob } from '../../workers/protocol/wire.ts'

/** Small settings of this browser. */
export type Preferences = {
  /** The provider's key, so that a reload finds its jobs again; `null` after "forget". */
  hostKey: string | null
}

/** A prompt that was sent, so that a reload finds its job again. */
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

export interface AppSchema extends DBSchema {
  preferences: { key: keyof Preferences; value: Preferences[keyof Preferences] }
  transfers: { key: string; value: SentTransfer; indexes: { runId: string } }
}
