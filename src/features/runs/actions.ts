import { tuner } from '../../engine/bridge.ts'
import { packPrompt, promptName } from '../../engine/promptFile.ts'
import { saveFile } from '../../engine/save.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'

/** The prompt and its certificate as a PEFT folder in a zip. @throws SoftpostError */
export async function saveRun({ runId, dataName }: RunSummary): Promise<void> {
  const { adapterConfig, adapterModel, certificate } = await tuner.release(runId)
  await tuner.markReleased(runId)
  const base = `prompt-${dataName.replace(/\.[^.]*$/, '')}`
  const name = promptName(base, certificate.privacy !== null)
  saveFile(`${name}.zip`, 'application/zip', packPrompt({ name, adapterConfig, adapterModel, certificate }))
}
