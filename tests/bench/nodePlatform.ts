import process from 'node:process'
import { installDawn } from '../../workers/host/dawn.ts'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { openHostEngine, readWasm, threadCount } from '../../workers/host/openEngine.ts'
import { installGradients } from './autodiff/gradients.ts'
import type { Platform } from './platform.ts'

export const nodePlatform: Platform = {
  readFiles: async (model) => (await readModelFolder(new URL(`../../models/${model}`, import.meta.url).pathname)).files,
  readWasm,
  openGpu: async () => {
    await installDawn()
    return (globalThis.navigator as { readonly gpu?: GPU }).gpu
  },
  installGradients,
  openPool: async () => ({ engine: await openHostEngine({ backend: 'wasm' }), members: threadCount() }),
  residentBytes: () => process.resourceUsage().maxRSS * 1024,
}
