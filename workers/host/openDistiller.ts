/** Distillation on Node: a pool of threads on WASM, each with the teacher and the student. */
import type { DistillPair } from '../distill/compute.ts'
import { PoolDistiller } from '../distill/pool.ts'
import type { Distiller } from '../distill/types.ts'
import { readWasm, startThreads, stopThreads, threadCount } from './openEngine.ts'

/** Errors: `model-unknown`, `model-tensor`. `close` ends the threads. */
export async function openHostDistiller(
  pair: DistillPair,
  threads = threadCount(),
): Promise<{ readonly distiller: Distiller; readonly close: () => Promise<void> }> {
  const pool = startThreads(threads, 'distillThread.ts')
  try {
    const ports = pool.map(({ port }) => port)
    const distiller = await PoolDistiller.open(ports, await readWasm(), pair)
    const close = async (): Promise<void> => {
      distiller.close()
      await stopThreads(pool)
    }
    return { distiller, close }
  } catch (error) {
    await stopThreads(pool)
    throw error
  }
}
