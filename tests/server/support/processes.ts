/** Hosts and workers in processes of their own, for tests that kill them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { HostOptions } from '../../../workers/host/config.ts'

export type TestProcess = {
  /** What it said when it was ready: a host its address. */
  readonly said: string
  readonly pid: number
  /** kill -9 */
  kill(): Promise<void>
}

/** `real`: the processes that compute in earnest instead of by script. */
export const hostProcess = async (options: HostOptions, real: 'nothing' | 'classify' = 'nothing') =>
  await start('runHost.ts', [JSON.stringify(options), real])
export const workerProcess = async (options: HostOptions) => await start('runWorker.ts', [JSON.stringify(options)])

async function start(script: string, args: readonly string[]): Promise<TestProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  const first = await Promise.race([once(child.stdout, 'data'), ended])
  const [line] = first as [unknown]
  if (!Buffer.isBuffer(line)) throw new Error(`${script} ended before it was ready`)
  return {
    said: line.toString().trim(),
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
