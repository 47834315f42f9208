/** WebGPU on Node: Dawn, from the package `webgpu`. */

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
