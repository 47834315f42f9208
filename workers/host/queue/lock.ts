/**
 * One process at a time on the embedded database: PGlite itself has no lock, and a second process corrupts it.
 *
 * The lock is the operating system's, by way of SQLite, so it ends with its process however that dies: there is no
 * stale lock to judge and no pid that another process may have been given since. The pid file beside it only names the
 * holder in the message.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { SoftpostError } from '../../protocol/errors.ts'
import { isMissing } from '../store/atomic.ts'

export type FolderLock = { release(): Promise<void> }

/** An exclusive lock in the form of a file; it ends when it is closed or its process ends. Throws after `waitMs`. */
export function takeLock(path: string, waitMs: number): DatabaseSync {
  const lock = new DatabaseSync(path, { timeout: waitMs })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw error
  }
}

/** Takes the lock of a data folder, or throws `conflict` naming the process that has it. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const pidFile = join(folder, 'host.pid')
  let lock: DatabaseSync
  try {
    lock = takeLock(join(folder, 'host.lock'), 0)
  } catch (error) {
    const holder = await readHolder(pidFile)
    throw new SoftpostError(
      'conflict',
      `another host${holder} uses the data folder ${folder}; stop it, or give this one a --data-dir of its own`,
      { cause: error },
    )
  }
  await writeFile(pidFile, String(process.pid))
  return {
    release: async () => {
      await rm(pidFile, { force: true })
      lock.close()
    },
  }
}

async function readHolder(pidFile: string): Promise<string> {
  try {
    return ` (process ${(await readFile(pidFile, 'utf8')).trim()})`
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}
