/**
 * Runs our own WGSL through tfjs's backend, so that own and stock kernels share tensors, buffers and submissions.
 *
 * A kernel's code defines `fn main(index : i32)` and may use what the backend declares around it: the inputs by name,
 * `result` (vec4s), `uniforms`, `workgroupId : vec3<u32>` and `localIndex : u32`; with directives, see directives.ts.
 */
import { backend, engine, getBackend, type Tensor, type Tensor2D, type TensorInfo } from '@tensorflow/tfjs-core'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'

/** 4: the array is of `vec4<f32>` (`vec4<i32>` for int32); its last axis must be a multiple of 4. */
export type Lanes = 1 | 2 | 4

export type WgslKernel = {
  /** Different for kernels of different code. */
  readonly key: string
  readonly code: string
  /** Invocations of a workgroup. */
  readonly threads: number
  /** Arrays in the order of the tensors that a call brings. */
  readonly inputs: Readonly<Record<string, Lanes>>
  /** Names of the i32 that a call brings as `uniforms.NAME`. */
  readonly uniforms: readonly string[]
  /** `result` is of `vec4<f32>` where this is not given. */
  readonly result?: { readonly lanes: Lanes; readonly dtype: 'float32' | 'int32' }
}

export type WgslCall = {
  readonly inputs: readonly Tensor[]
  readonly shape: readonly [rows: number, columns: number]
  readonly uniforms: Readonly<Record<string, number>>
  readonly workgroups: readonly [x: number, y: number, z: number]
}

/** Whether tensors of this thread live on a GPU. */
export function onGpu(): boolean {
  return getBackend() === 'webgpu'
}

let softwareGpu = false

/** Told once, when the device of this thread is opened: kernels that suit a GPU do not suit a program on the CPU. */
export function setSoftwareGpu(software: boolean): void {
  softwareGpu = software
}

export function isSoftwareGpu(): boolean {
  return softwareGpu
}

let subgroups = false

/** Told once, when the device of this thread is opened: whether it has them. */
export function setSubgroups(has: boolean): void {
  subgroups = has
}

export function hasSubgroups(): boolean {
  return subgroups
}

let halves = false

/** Told once, when the device of this thread is opened: whether it has arithmetic in halves. */
export function setHalves(has: boolean): void {
  halves = has
}

export function hasHalves(): boolean {
  return halves
}

/** Most bytes of an array that a kernel of this thread's device may bind. */
export function largestBinding(): number {
  const { limits } = (backend() as WebGPUBackend).device
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize)
}

/** A tensor of the given shape; the enclosing `tidy` owns it. */
export function runWgsl(kernel: WgslKernel, call: WgslCall): Tensor2D {
  const { lanes, dtype } = kernel.result ?? { lanes: 4, dtype: 'float32' }
  const program = {
    shaderKey: kernel.key,
    getUserCode: () => kernel.code,
    workgroupSize: [kernel.threads, 1, 1] as [number, number, number],
    variableNames: Object.keys(kernel.inputs),
    variableComponents: Object.values(kernel.inputs),
    outputComponent: lanes,
    outputShape: [...call.shape],
    uniforms: kernel.uniforms.map((name) => `${name} : i32,`).join(' '),
    dispatch: [...call.workgroups] as [number, number, number],
    // Both axes along x: the code finds its place from the workgroup by itself.
    dispatchLayout: { x: [0, 1] },
  }
  const values = kernel.uniforms.map((name) => ({ type: 'int32', data: [call.uniforms[name] ?? 0] }))
  // As plain arrays: the backend compiles anew for what it takes to be another way to broadcast.
  const inputs = call.inputs.map(({ dataId, dtype, size }): TensorInfo => ({ dataId, dtype, shape: [size] }))
  const info: TensorInfo = (backend() as WebGPUBackend).runWebGPUProgram(program, inputs, dtype, values)
  return engine().makeTensorFromTensorInfo(info) as Tensor2D
}
