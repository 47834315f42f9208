/** Measured cuts of this machine's GPUs, in a file of the user's cache folder. */
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import type { CutStore } from '../runtime/kernels/linear/wgsl/keptCuts.ts'
import { writeFileAtomically } from './store/atomic.ts'

/** `$XDG_CACHE_HOME/softpost/gpu.json`, which defaults to a folder of the user's home. */
function cutPath(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'softpost', 'gpu.json')
}

/** @param path where the file is, or will be. */
export function cutFile(path = cutPath()): CutStore {
  return {
    read: async (device) => (await readAll(path))[device],
    async write(device, cuts) {
      const text = JSON.stringify({ ...(await readAll(path)), [device]: cuts })
      try {
        await mkdir(dirname(path), { recursive: true })
        await writeFileAtomically(path, text, { durable: false })
      } catch {
        // A home that cannot be written: the next start measures again.
      }
    },
  }
}

/** By device; empty where there is no file, or one that nobody can read. */
async function readAll(path: string): Promise<Record<string, unknown>> {
  try {
    const all: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof all === 'object' && all !== null ? { ...all } : {}
  } catch {
    return {}
  }
}
