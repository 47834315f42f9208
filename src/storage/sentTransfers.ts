/** Which prompts were sent. */
import { withDatabase } from './database.ts'
import type { SentTransfer } from './schema.ts'

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
