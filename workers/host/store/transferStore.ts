/** Where transfers are kept: a directory, or a bucket of an S3-compatible store. */
import type { StoredTransfer, TransferRecord, TransferStatus } from './record.ts'

export type UploadedPrompt = { readonly config: Uint8Array; readonly weights: Uint8Array }

/** Folders for one run of a transfer, on this machine. */
export type Attempt = {
  /** PEFT folder with ps. */
  readonly promptDir: string
  /** Empty, or not there yet. */
  readonly outDir: string
  /** For logits on public texts that the tenant's next transfer needs again; where nothing lasts it goes with the run. */
  readonly logitsDir: string
  /** Removes what the run left. */
  discard(): Promise<void>
}

export interface TransferStore {
  /** `alone`: no other host uses the store, so what is half written or half deleted was left by one that was killed. */
  open(options: { readonly alone: boolean }): Promise<void>

  close(): Promise<void>

  /** Keeps a new transfer, complete and durable, or not at all. */
  create(record: TransferRecord, prompt: UploadedPrompt): Promise<void>

  /** The transfer, or null when there is none (or no more) of this id. */
  read(id: string): Promise<StoredTransfer | null>

  /** The transfer of a request's content. */
  findByKey(key: string): Promise<StoredTransfer | null>

  ids(): Promise<string[]>

  /** Replaces the status; false when the transfer was deleted meanwhile. One that need not be durable may be skipped. */
  writeStatus(id: string, status: TransferStatus, options: { readonly durable: boolean }): Promise<boolean>

  /** Null when the transfer is gone. */
  newAttempt(record: TransferRecord): Promise<Attempt | null>

  /**
   * Makes a run's output the result. The first result stands: a second run of the same job (its host was thought dead)
   * changes nothing. Returns the result's name, or null when the transfer is gone.
   */
  adoptResult(id: string, attempt: Attempt): Promise<string | null>

  /** PEFT folder with pt, on this machine; null when the transfer is gone. */
  resultFolder(id: string, result: string): Promise<string | null>

  /** Removes every byte of the transfer. Returns folders of results on this machine that are no more. */
  purge(id: string): Promise<readonly string[]>

  /** Removes what is left of a transfer that has no record. */
  dropOrphan(id: string): Promise<void>

  /** Transfers whose results were handed out on this machine. */
  handedOut(): readonly string[]

  /** Drops what this machine has of a transfer that another host deleted. Returns folders of results that are no more. */
  forget(id: string): Promise<readonly string[]>
}
