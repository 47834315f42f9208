import { openEngine } from '../../../workers/pool/engine.ts'
import type { ModelFile } from '../../../workers/protocol/tuner.ts'
import type { Platform } from '../platform.ts'

export const MODEL_FILES = ['config.json', 'model.safetensors']
const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']
const MOST_MEMBERS = 4

export const fetchFiles = async (folder: string, names: readonly string[]): Promise<ModelFile[]> =>
  await Promise.all(
    names.map(async (name) => {
      const response = await fetch(`${folder}/${name}`)
      if (!response.ok) throw new Error(`${folder}/${name}: ${response.status}`)
      return { name, bytes: new Uint8Array(await response.arrayBuffer()) }
    }),
  )

const readWasm = async () => await fetchFiles('/wasm', WASM_FILES)

export const browserPlatform: Platform = {
  readFiles: async (model) => await fetchFiles(`/models/${model}`, MODEL_FILES),
  readWasm,
  openGpu: () => Promise.resolve((navigator as { readonly gpu?: GPU }).gpu),
  installGradients: async () => void (await import('@tensorflow/tfjs-core/dist/register_all_gradients')),
  openPool: async () => {
    const members = Math.min(navigator.hardwareConcurrency, MOST_MEMBERS)
    const ports = Array.from({ length: members }, () => {
      const { port1, port2 } = new MessageChannel()
      const worker = new Worker(new URL('../../../workers/browser/member.worker.ts', import.meta.url), {
        type: 'module',
      })
      worker.postMessage({ port: port2 }, [port2])
      return port1
    })
    return {
      engine: await openEngine({ backend: 'wasm', wasm: await readWasm(), members: ports, cuts: null }),
      members,
    }
  },
  residentBytes: () => null,
}
