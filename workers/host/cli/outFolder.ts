/** A folder that a command fills: there whole under its name, or not at all. */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { isMissing, syncFolder, writeSynced } from '../store/atomic.ts'
import { usageError } from './options.ts'

export type OutFile = { readonly name: string; readonly bytes: Uint8Array | string }

export type OutFolder = {
  readonly command: string
  readonly out: string
  /** Names that an earlier run of the command left; they may be replaced when the user says so. */
  readonly own: readonly string[]
  readonly force: boolean
}

/** To be asked before the work begins. Errors: `usage` for a folder that holds something else. */
export async function requireFree({ command, out, own, force }: OutFolder): Promise<void> {
  const names = await namesIn(command, out)
  if (names.length === 0) return
  if (names.some((name) => !own.includes(name))) {
    throw usageError(command, `${out} holds other files; choose a new folder with --out`)
  }
  if (!force) throw usageError(command, `${out} holds an earlier result; choose another folder, or add --force`)
}

/** Writes the files beside the folder and gives them its name when all are there. */
export async function writeFolder(folder: OutFolder, files: readonly OutFile[]): Promise<void> {
  const out = resolve(folder.out)
  await mkdir(dirname(out), { recursive: true })
  const temporary = await mkdtemp(join(dirname(out), `.${basename(out)}-`))
  try {
    for (const { name, bytes } of files) await writeSynced(join(temporary, name), bytes)
    await requireFree(folder)
    await rm(out, { recursive: true, force: true })
    await rename(temporary, out)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
  await syncFolder(dirname(out))
}

async function namesIn(command: string, out: string): Promise<string[]> {
  try {
    return await readdir(out)
  } catch (error) {
    if (isMissing(error)) return []
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') {
      throw usageError(command, `${out} is a file; choose a folder with --out`, error)
    }
    throw error
  }
}
