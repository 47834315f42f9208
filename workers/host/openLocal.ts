/** A backend in this very thread, for work that is one computation after the other. */
import { chooseBackend, openBackend, type OpenBackend } from '../runtime/backend.ts'
import type { BackendName } from '../protocol/tuning.ts'
import { hasVulkan, installDawn } from './dawn.ts'
import { readWasm } from './openEngine.ts'

/** Errors: `no-backend`. */
export async function openLocalBackend(name: 'auto' | BackendName): Promise<OpenBackend> {
  if (name === 'webgpu' || (name === 'auto' && hasVulkan())) await installDawn()
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu')
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: GPU } }
  return await openBackend(await chooseBackend(name, navigator?.gpu), await readWasm())
}
