/** Counts what a pass allocates and starts, on whatever backend of this thread. */
import { engine, getBackend } from '@tensorflow/tfjs-core'
import type { Variant } from './types.ts'

/** Kernels that only give a tensor another shape or name. */
const FREE = new Set(['Reshape', 'Identity', 'Cast'])

export type PassCounts = {
  /** Over all copies of the model. */
  readonly peakBytes: number
  /** Of one microbatch. */
  readonly started: number
}

export async function count(variant: Variant): Promise<PassCounts> {
  const tfjs = engine()
  let peak = tfjs.state.numBytes
  let started = 0
  const trackTensor = tfjs.trackTensor.bind(tfjs)
  const runKernel = tfjs.runKernel.bind(tfjs)
  tfjs.trackTensor = (...args) => {
    trackTensor(...args)
    peak = Math.max(peak, tfjs.state.numBytes)
  }
  const dispatches = watchDispatches(() => (started += 1))
  if (dispatches === null) {
    tfjs.runKernel = (name, inputs, attrs) => {
      if (!FREE.has(name)) started += 1
      return runKernel<never>(name, inputs, attrs)
    }
  }
  try {
    await variant.counted()
  } finally {
    Object.assign(tfjs, { trackTensor, runKernel })
    dispatches?.stop()
  }
  const { microbatches, copies } = variant.shares
  return { peakBytes: peak * copies, started: started / microbatches }
}

/** Null where the work is not done on a WebGPU device. */
function watchDispatches(onDispatch: () => void): { stop(): void } | null {
  const { GPUComputePassEncoder: encoder } = globalThis as {
    GPUComputePassEncoder?: { prototype: GPUComputePassEncoder }
  }
  if (encoder === undefined || getBackend() !== 'webgpu') return null
  const { prototype } = encoder
  const original = Object.getOwnPropertyDescriptor(prototype, 'dispatchWorkgroups')
  if (original === undefined) throw new Error('this WebGPU starts its kernels in another way')
  const start = original.value as GPUComputePassEncoder['dispatchWorkgroups']
  Object.defineProperty(prototype, 'dispatchWorkgroups', {
    ...original,
    value(this: GPUComputePassEncoder, ...sizes: Parameters<typeof start>) {
      onDispatch()
      start.apply(this, sizes)
    },
  })
  return { stop: () => void Object.defineProperty(prototype, 'dispatchWorkgroups', original) }
}
