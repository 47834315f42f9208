/** Chooses and opens the tfjs backend of this thread: a real GPU, else WASM; `cpu` is for tests. */
import { engine, env, getBackend, ready, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { assertNever, SoftpostError } from '../protocol/errors.ts'
import type { ModelFile } from '../protocol/tuner.ts'
import type { BackendName } from '../protocol/tuning.ts'
import type { Interrupt } from '../protocol/interrupt.ts'
import { GpuBackend, setSubmissions } from './gpuBackend.ts'
import { watchFailures } from './gpuFailures.ts'
import { setHalves, setSoftwareGpu, setSubgroups } from './wgsl/program.ts'
import { describeAdapter, findAdapter, isSoftware, openDevice, type OpenedDevice } from './gpuDevice.ts'

/** Which backend it is to be, and why, in words for the page. */
export type BackendChoice =
  | { readonly name: 'webgpu'; readonly reason: string; readonly opened: OpenedDevice }
  | { readonly name: 'wasm' | 'cpu'; readonly reason: string }

export type OpenBackend = {
  readonly name: BackendName
  readonly reason: string
  readonly adapter: string | null
  /** Whether the GPU is a program on the CPU. */
  readonly software: boolean
  /** For as long as a call takes; one at a time. */
  readonly watch: Interrupt
}

/**
 * A real GPU where there is one, else WASM; a GPU that is a program on the CPU only where WebGPU was asked for.
 *
 * @param gpu undefined where the platform has no WebGPU.
 * @throws SoftpostError `no-backend` when WebGPU was asked for and cannot be had.
 */
export async function chooseBackend(wish: 'auto' | BackendName, gpu: GPU | undefined): Promise<BackendChoice> {
  switch (wish) {
    case 'cpu':
      return { name: 'cpu', reason: 'the reference backend was asked for' }
    case 'wasm':
      return { name: 'wasm', reason: 'WASM was asked for' }
    case 'webgpu': {
      const adapter = gpu ? await findAdapter(gpu) : null
      if (adapter) return { name: 'webgpu', reason: 'WebGPU was asked for', opened: await openDevice(adapter) }
      throw new SoftpostError('no-backend', 'there is no WebGPU here; choose wasm, which runs everywhere')
    }
    case 'auto':
      return await chooseBest(gpu)
    default:
      return assertNever(wish)
  }
}

async function chooseBest(gpu: GPU | undefined): Promise<BackendChoice> {
  if (!gpu) return { name: 'wasm', reason: 'there is no WebGPU here' }
  const unusable = { name: 'wasm', reason: 'WebGPU found no usable GPU' } as const
  try {
    const adapter = await findAdapter(gpu)
    if (!adapter) return unusable
    if (!isSoftware(adapter.info))
      return { name: 'webgpu', reason: 'there is a GPU', opened: await openDevice(adapter) }
    return { name: 'wasm', reason: `the only GPU is a program on the CPU (${describeAdapter(adapter.info)})` }
  } catch {
    // A driver that refuses its own adapter; WASM runs everywhere.
    return unusable
  }
}

/**
 * Makes the chosen backend that of this thread.
 *
 * @param wasm tfjs's wasm builds by file name.
 */
export async function openBackend(choice: BackendChoice, wasm: readonly ModelFile[]): Promise<OpenBackend> {
  switch (choice.name) {
    case 'webgpu':
      return await openGpu(choice.opened, choice.reason)
    case 'wasm':
      return await openWasm(wasm, choice.reason)
    case 'cpu':
      return await openCpu(choice.reason)
    default:
      return assertNever(choice)
  }
}

async function openGpu({ device, info }: OpenedDevice, reason: string): Promise<OpenBackend> {
  const software = isSoftware(info)
  setSoftwareGpu(software)
  setSubgroups(device.features.has('subgroups'))
  setHalves(device.features.has('shader-f16'))
  // Small tensors would be computed on the CPU, with other rounding.
  env().set('WEBGPU_CPU_FORWARD', false)
  // The package registers a device of its own where the platform has WebGPU; a second registration only warns.
  if ('webgpu' in engine().registryFactory) removeBackend('webgpu')
  setSubmissions(software)
  const backend = new GpuBackend(device, info)
  if (!registerBackend('webgpu', () => backend) || !(await setBackend('webgpu'))) {
    throw new SoftpostError('no-backend', 'tfjs did not take the WebGPU device; choose wasm')
  }
  await ready()
  return { name: 'webgpu', reason, adapter: describeAdapter(info), software, watch: watchFailures(device) }
}

/** The single-threaded SIMD build: several cores are used by a pool of workers, each with its own. */
async function openWasm(files: readonly ModelFile[], reason: string): Promise<OpenBackend> {
  if (getBackend() !== 'wasm') {
    env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
    const urls = new Map(files.map(({ name, bytes }) => [name, URL.createObjectURL(new Blob([bytes]))]))
    const simd = urls.get('tfjs-backend-wasm-simd.wasm')
    const basic = urls.get('tfjs-backend-wasm.wasm')
    if (simd === undefined || basic === undefined) {
      throw new SoftpostError('no-backend', 'the wasm builds of tfjs are missing; load the page again')
    }
    setWasmPaths(
      {
        'tfjs-backend-wasm.wasm': basic,
        'tfjs-backend-wasm-simd.wasm': simd,
        'tfjs-backend-wasm-threaded-simd.wasm': simd,
      },
      true,
    )
    const opened = await setBackend('wasm')
    for (const url of urls.values()) URL.revokeObjectURL(url)
    if (!opened) throw new SoftpostError('no-backend', 'this browser does not run WebAssembly; use a current one')
  }
  return { name: 'wasm', reason, adapter: null, software: false, watch: unwatched }
}

async function openCpu(reason: string): Promise<OpenBackend> {
  if (!(await setBackend('cpu'))) throw new SoftpostError('no-backend', 'tfjs-backend-cpu is not loaded')
  return { name: 'cpu', reason, adapter: null, software: false, watch: unwatched }
}

/** What goes wrong here is thrown where it happens. */
function unwatched(): () => void {
  return () => undefined
}
