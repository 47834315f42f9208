/** The backends that a kernel test runs on: what this machine has of them. */
import '@tensorflow/tfjs-backend-cpu'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { installDawn } from '../../../workers/host/dawn.ts'
import type { ModelFile } from '../../../workers/protocol/tuner.ts'
import type { BackendName } from '../../../workers/protocol/tuning.ts'
import { chooseBackend, openBackend, type OpenBackend } from '../../../workers/runtime/backend.ts'
import { setSoftwareGpu } from '../../../workers/runtime/wgsl/program.ts'

await installDawn()

const hasGpu = ((await globalThis.navigator.gpu?.requestAdapter()) ?? null) !== null

/** WebGPU is a software GPU here; without a Vulkan driver it is left out, and the launcher says so. */
export const BACKENDS: readonly BackendName[] = hasGpu ? ['cpu', 'wasm', 'webgpu'] : ['cpu', 'wasm']

/** Tolerance level of the reference vectors that a backend is held to. */
export const LEVEL = { cpu: 'cpu', wasm: 'cpu', webgpu: 'gpu' } as const

const opened = new Map<BackendName, Promise<OpenBackend>>()

/** Makes it the backend of this process. Each is opened once: a software GPU does not like company. */
export async function openTestBackend(name: BackendName): Promise<OpenBackend> {
  const { setBackend } = await import('@tensorflow/tfjs-core')
  const known = opened.get(name)
  if (known) {
    await setBackend(name)
    return await known
  }
  const opening = open(name)
  opened.set(name, opening)
  return await opening
}

async function open(name: BackendName): Promise<OpenBackend> {
  return await openBackend(await chooseBackend(name, globalThis.navigator.gpu), await wasmFiles())
}

async function wasmFiles(): Promise<ModelFile[]> {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
  const names = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']
  return await Promise.all(
    names.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(join(folder, name))) })),
  )
}

export type Target = { readonly label: string; readonly backend: BackendName; readonly software: boolean }

/** The backends, and WebGPU once more with the kernels that a GPU of silicon gets. */
export const TARGETS: readonly Target[] = BACKENDS.flatMap((backend): Target[] =>
  backend === 'webgpu'
    ? [
        { label: 'webgpu', backend, software: true },
        { label: "webgpu with a GPU's kernels", backend, software: false },
      ]
    : [{ label: backend, backend, software: false }],
)

/** As {@link openTestBackend}; kernels of the other kind are not used until the next call. */
export async function openTarget({ backend, software }: Target): Promise<OpenBackend> {
  const opened = await openTestBackend(backend)
  setSoftwareGpu(software)
  return opened
}
