/** Files that are either there whole or not at all. */
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Writes `bytes` under `path` by way of a temporary neighbour and a rename.
 *
 * `durable` (default) also waits until file and folder are on the disk: for what must survive a power cut. Progress
 * figures do without, since the next one comes within the second.
 */
export async function writeFileAtomically(
  path: string,
  bytes: Uint8Array | string,
  options: { durable?: boolean } = {},
): Promise<void> {
  const durable = options.durable ?? true
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`)
  try {
    await writeSynced(temporary, bytes, durable)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  if (durable) await syncFolder(dirname(path))
}

/** Writes a new file in place; for folders that get their final name only when they are complete. */
export async function writeSynced(path: string, bytes: Uint8Array | string, durable = true): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    if (durable) await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the names inside a folder durable. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Whether an error of the file system says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
