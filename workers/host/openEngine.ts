/** The engine on Node: Dawn where there is a GPU, else a pool of threads on WASM. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { ModelFile } from '../protocol/tuner.ts'
import type { BackendName } from '../protocol/tuning.ts'
import { openEngine } from '../pool/engine.ts'
import type { Engine } from '../pool/types.ts'
import { cutFile } from './cutFile.ts'
import { hasVulkan, installDawn } from './dawn.ts'
import './storedFiles.ts'

export type HostEngineRequest = {
  readonly backend: 'auto' | BackendName
  /** Threads of the WASM pool; the machine decides where it is not given. */
  readonly workers?: number
}

const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'] as const

/** More threads wait for memory more than they compute. */
const MOST_WORKERS = 16
/** Bytes of memory that a machine should have for each thread: weights, activations and the runtime. */
const BYTES_PER_WORKER = 2 ** 30

/** Errors: `no-backend`. `close` ends the threads too. */
export async function openHostEngine({ backend, workers }: HostEngineRequest): Promise<Engine> {
  if (backend === 'webgpu' || (backend === 'auto' && hasVulkan())) await installDawn()
  const pool = backend === 'auto' || backend === 'wasm' ? startThreads(workers ?? threadCount()) : []
  try {
    const engine = await openEngine({
      backend,
      wasm: await readWasm(),
      members: pool.map(({ port }) => port),
      cuts: cutFile(),
    })
    if (engine.report.backend !== 'wasm') await stopThreads(pool)
    return closingThreads(engine, pool)
  } catch (error) {
    await stopThreads(pool)
    throw error
  }
}

export type Thread = { readonly worker: Worker; readonly port: MessagePort }

/** `entry` is the thread's module beside this one; it is sent the port that it is to serve. */
export function startThreads(count: number, entry = 'memberThread.ts'): Thread[] {
  return Array.from({ length: count }, () => {
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(new URL(entry, import.meta.url))
    worker.postMessage(port2, [port2])
    // An idle pool does not keep the process alive.
    worker.unref()
    // Node's ports are those of the platform, under a type of their own.
    return { worker, port: port1 as unknown as MessagePort }
  })
}

export async function stopThreads(pool: readonly Thread[]): Promise<void> {
  for (const { port } of pool) port.close()
  // One after the other: V8 has been seen to die when several threads give back their WASM code at once.
  for (const { worker } of pool) await worker.terminate()
}

function closingThreads(engine: Engine, pool: readonly Thread[]): Engine {
  return {
    report: engine.report,
    load: (slot, files, weights) => engine.load(slot, files, weights),
    embed: (slot, ids) => engine.embed(slot, ids),
    tune: (batch) => engine.tune(batch),
    classify: (batch) => engine.classify(batch),
    logits: (batch) => engine.logits(batch),
    judge: (batch) => engine.judge(batch),
    write: (batch) => engine.write(batch),
    transfer: (batch) => engine.transfer(batch),
    close: async () => {
      await engine.close()
      await stopThreads(pool)
    },
  }
}

export function threadCount(): number {
  const byMemory = Math.floor(totalmem() / BYTES_PER_WORKER)
  return Math.max(1, Math.min(availableParallelism(), byMemory, MOST_WORKERS))
}

export async function readWasm(): Promise<ModelFile[]> {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
  return await Promise.all(
    WASM_FILES.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(join(folder, name))) })),
  )
}
