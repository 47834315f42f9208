/** Distillation on Node: Dawn where there is a GPU, else a pool of threads on WASM, each with teacher and student. */
import { LocalDistiller, type DistillPair } from '../distill/compute.ts'
import { PoolDistiller } from '../distill/pool.ts'
import type { Distiller } from '../distill/types.ts'
import { findGpu } from '../pool/engine.ts'
import type { BackendName } from '../protocol/tuning.ts'
import { chooseBackend, openBackend, type BackendChoice } from '../runtime/backend.ts'
import { interruptible } from '../protocol/interrupt.ts'
import { hasVulkan, installDawn } from './dawn.ts'
import { readWasm, startThreads, stopThreads, threadCount } from './openEngine.ts'

export type HostDistiller = {
  readonly distiller: Distiller
  /** What it computes on; two runs on different ones differ in their last digits. */
  readonly backend: string
  readonly threads: number
  close(): Promise<void>
}

export type HostDistillerRequest = {
  readonly backend: 'auto' | BackendName
  /** Of the WASM pool; the machine decides where it is not given. */
  readonly threads: number | undefined
}

/** Errors: `no-backend`, `model-unknown`, `model-tensor`. `close` ends the threads too. */
export async function openHostDistiller(
  pair: DistillPair,
  { backend, threads = threadCount() }: HostDistillerRequest,
): Promise<HostDistiller> {
  if (backend === 'webgpu' || (backend === 'auto' && hasVulkan())) await installDawn()
  const choice = await chooseBackend(backend, findGpu())
  return choice.name === 'wasm' ? await openPool(pair, threads) : await openHere(pair, choice)
}

async function openPool(pair: DistillPair, threads: number): Promise<HostDistiller> {
  const pool = startThreads(threads, 'distillThread.ts')
  try {
    const ports = pool.map(({ port }) => port)
    const distiller = await PoolDistiller.open(ports, await readWasm(), pair)
    const close = async (): Promise<void> => {
      distiller.close()
      await stopThreads(pool)
    }
    return { distiller, backend: 'wasm', threads, close }
  } catch (error) {
    await stopThreads(pool)
    throw error
  }
}

async function openHere(pair: DistillPair, choice: BackendChoice): Promise<HostDistiller> {
  const opened = await openBackend(choice, [])
  const local = new LocalDistiller(pair)
  const distiller: Distiller = {
    gradient: (request) => interruptible(() => local.gradient(request), opened.watch),
    validate: (request) => interruptible(() => local.validate(request), opened.watch),
  }
  const close = async (): Promise<void> => local.dispose()
  return { distiller, backend: opened.adapter ?? opened.name, threads: 1, close }
}
