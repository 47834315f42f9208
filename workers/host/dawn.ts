/** WebGPU on Node: Dawn, from the package `webgpu`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/** Where Linux systems keep the Vulkan loader. */
const LIBRARY_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
  '/run/opengl-driver/lib',
]

/** Without Vulkan's loader Dawn finds nothing on Linux, and says so on standard error of every command. */
export function hasVulkan(): boolean {
  if (process.platform !== 'linux') return true
  const more = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '')
  return [...more, ...LIBRARY_FOLDERS].some((folder) => existsSync(join(folder, 'libvulkan.so.1')))
}

/**
 * Gives this process a `navigator.gpu`. Where Dawn or a driver is missing there is none afterwards, and WASM is used.
 * The process does not end by itself while Dawn is loaded.
 */
export async function installDawn(): Promise<void> {
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: GPU } }
  if (navigator?.gpu) return
  const dawn = await import('webgpu').catch(() => null)
  if (dawn === null) return
  Object.assign(globalThis, dawn.globals)
  Object.defineProperty(globalThis.navigator, 'gpu', { value: dawn.create([]), configurable: true })
}
