/** Opens the compute side: this thread on a GPU, a pool of workers on WASM. */
import { chooseBackend, openBackend } from '../runtime/backend.ts'
import { LocalEngine } from './localEngine.ts'
import { PoolEngine } from './poolEngine.ts'
import type { Engine, EngineRequest } from './types.ts'

/** Errors: `no-backend` when the wished backend cannot be had. */
export async function openEngine({ backend, wasm, members, cuts }: EngineRequest): Promise<Engine> {
  const choice = await chooseBackend(backend, findGpu())
  if (choice.name === 'wasm' && members.length > 0) {
    return await PoolEngine.open(members, { wasm, reason: choice.reason })
  }
  return new LocalEngine(await openBackend(choice, wasm), cuts)
}

/** Node and old browsers have no `navigator.gpu`. */
export function findGpu(): GPU | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: GPU } }
  return navigator?.gpu
}
