import { tuner } from '../../engine/bridge.ts'
import { forgetKey } from '../../engine/key.ts'
import { refreshLedger } from '../ledger/actions.ts'
import { packPrompt, promptName } from '../../engine/promptFile.ts'
import { refreshRuns, removeRun, useRuns } from '../../engine/runs.ts'
import { saveFile } from '../../engine/save.ts'
import { forgetHere, useTransfers } from '../send/transfers.ts'
import type { RestoredBackup, SavedBackup } from '../../../workers/protocol/backup.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'

/** The prompt and its certificate as a PEFT folder in a zip. @throws SoftpostError */
export async function saveRun({ runId, dataName }: RunSummary): Promise<void> {
  const { adapterConfig, adapterModel, certificate } = await tuner.release(runId)
  await tuner.markReleased(runId)
  const base = `prompt-${dataName.replace(/\.[^.]*$/, '')}`
  const name = promptName(base, certificate.privacy !== null)
  saveFile(`${name}.zip`, 'application/zip', packPrompt({ name, adapterConfig, adapterModel, certificate }))
}

/** All runs that are over, in one file to keep. @throws SoftpostError */
export async function saveBackup(): Promise<Omit<SavedBackup, 'bytes'>> {
  const { bytes, ...counts } = await tuner.saveBackup()
  saveFile('softpost.backup.json', 'application/json', bytes)
  await Promise.all([refreshRuns(), refreshLedger()])
  return counts
}

/** Puts back what is not here. @throws SoftpostError */
export async function restoreBackup(file: File): Promise<RestoredBackup> {
  const restored = await tuner.restoreBackup(file)
  await Promise.all([refreshRuns(), refreshLedger()])
  return restored
}

/** Every run with its prompt, what is known of sent ones, and the provider's key. @throws SoftpostError at the first failure. */
export async function deleteEverything(): Promise<void> {
  for (const { runId } of useRuns.getState().runs) await removeRun(runId)
  for (const { jobId } of useTransfers.getState().transfers) await forgetHere(jobId)
  await forgetKey()
}
