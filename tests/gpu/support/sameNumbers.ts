/** Kernels of a GPU against the same formulas composed of tfjs ops on the CPU. */
import { setBackend, tensor1d, tensor2d, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { expect } from 'vitest'
import { interruptible } from '../../../workers/protocol/interrupt.ts'
import { kept, take } from '../../../workers/runtime/tensors.ts'
import { TARGETS, openTarget } from './backends.ts'

/** float32 sums in another order. */
const TOLERANCE = 2e-5

/** WebGPU, with each kind of kernels. */
export const GPUS = TARGETS.filter(({ backend }) => backend === 'webgpu')

/** The same numbers for the same place. */
export function values(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed * 78.233) * 1.7)
}

export function matrix(rows: number, columns: number, seed: number): Tensor2D {
  return tensor2d(values(rows * columns, seed), [rows, columns])
}

export function vector(size: number, seed: number): Tensor1D {
  return tensor1d(values(size, seed))
}

/** What `compute` gives on the CPU and on the GPU, each result as an array. */
async function onBoth(
  target: (typeof TARGETS)[number],
  compute: () => readonly Tensor2D[],
): Promise<{ readonly gpu: Float32Array[]; readonly cpu: Float32Array[] }> {
  const results = async (): Promise<Float32Array[]> => {
    const tensors = kept(compute)
    return await Promise.all(tensors.map(take))
  }
  // A kernel that the GPU refuses says why.
  const gpu = await interruptible(results, (await openTarget(target)).watch)
  await setBackend('cpu')
  return { gpu, cpu: await results() }
}

/** Within the tolerance of the largest of each result. */
export async function expectSame(target: (typeof TARGETS)[number], compute: () => readonly Tensor2D[]): Promise<void> {
  const { gpu, cpu } = await onBoth(target, compute)
  expect(gpu.length).toBe(cpu.length)
  for (const [index, expected] of cpu.entries()) {
    const actual = gpu[index] ?? new Float32Array()
    expect(actual.length).toBe(expected.length)
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(scale).toBeGreaterThan(0)
    const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (actual[at] ?? NaN))), 0)
    expect(worst / scale, `result ${index}`).toBeLessThan(TOLERANCE)
  }
}
