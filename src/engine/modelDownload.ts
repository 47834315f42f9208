/** A student's files: from this browser where they are, else from the provider, from where a download broke off. */
import { SoftpostError } from '../../workers/protocol/errors.ts'
import type { LoadFile } from '../../workers/protocol/tuner.ts'
import type { ModelInfo } from '../../workers/protocol/wire.ts'
import { KeptFile } from './modelCache.ts'
import { getModelFile, getModelRest, requireHash, type OnProgress } from './net.ts'

type FileInfo = ModelInfo['files'][number]

/** Times that a download is gone on with by itself. */
const TRIES = 4

export type DownloadOptions = { readonly onProgress: OnProgress; readonly signal: AbortSignal }

/**
 * Weights stay on disk, to be read and hashed where they are used; the rest comes as bytes that are what the provider
 * lists. Where the browser keeps no files, or has no room, all comes as bytes.
 * @throws SoftpostError `network`, `cancelled`; what has arrived is kept.
 */
export async function loadModelFile(model: ModelInfo, file: FileInfo, options: DownloadOptions): Promise<LoadFile> {
  const { name, sha256, sizeBytes } = file
  const kept = await keptWhole(model, file, options)
  if (kept === null) return { name, bytes: await getModelFile(model, file, options.onProgress, options.signal) }
  const stored = await kept.blob()
  if (name.endsWith('.safetensors')) return { name, stored, sizeBytes, sha256 }
  const bytes = new Uint8Array(await stored.arrayBuffer())
  try {
    await requireHash(model, file, bytes)
  } catch (error) {
    await kept.clear()
    throw error
  }
  return { name, bytes }
}

/** Null where the browser keeps no files, or has no room for this one. */
async function keptWhole(model: ModelInfo, file: FileInfo, options: DownloadOptions): Promise<KeptFile | null> {
  try {
    const kept = await KeptFile.open(model.sha256, file)
    if (kept !== null) await complete(kept, model, { file, options })
    return kept
  } catch (error) {
    if (error instanceof SoftpostError && error.code === 'storage') return null
    throw error
  }
}

async function complete(
  kept: KeptFile,
  model: ModelInfo,
  { file, options }: { readonly file: FileInfo; readonly options: DownloadOptions },
): Promise<void> {
  const report = () => options.onProgress({ loadedBytes: kept.sizeBytes, totalBytes: file.sizeBytes })
  if (kept.sizeBytes > file.sizeBytes) await kept.clear()
  report()
  for (let tries = 1; kept.sizeBytes < file.sizeBytes; tries++) {
    try {
      await getModelRest(model, file, {
        from: kept.sizeBytes,
        signal: options.signal,
        onStart: async (begin) => {
          // A host that knows no ranges sends all of it.
          if (begin === 0) await kept.clear()
        },
        onBytes: async (bytes) => {
          await kept.append(bytes)
          report()
        },
      })
    } catch (error) {
      await kept.close()
      if (!(error instanceof SoftpostError && error.code === 'network') || tries === TRIES) throw error
    }
  }
}
