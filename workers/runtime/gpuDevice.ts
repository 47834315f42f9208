/** Our own GPUDevice: with all limits and the features that kernels may use, so that tfjs and they share one. */

import { takingDirectives } from './wgsl/directives.ts'

export type OpenedDevice = { readonly device: GPUDevice; readonly info: GPUAdapterInfo }

const FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query']

/** Names of GPUs that are programs on the CPU; slower than our WASM path, which uses it better. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i

/** Null where there is none. */
export async function findAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  return await gpu.requestAdapter({ powerPreference: 'high-performance' })
}

/** Whether the GPU is a program on the CPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const words = [info.vendor, info.architecture, info.device, info.description].join(' ')
  return info.isFallbackAdapter || SOFTWARE.test(words)
}

export async function openDevice(adapter: GPUAdapter): Promise<OpenedDevice> {
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: limitsOf(adapter),
  })
  return { device: takingDirectives(device), info: adapter.info }
}

/** What the adapter is called, for the page. */
export function describeAdapter(info: GPUAdapterInfo): string {
  return info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ') || 'unnamed GPU'
}

function limitsOf(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {}
  // The limits are getters of the prototype.
  for (const name in adapter.limits) {
    const value: unknown = Reflect.get(adapter.limits, name)
    if (typeof value === 'number') limits[name] = value
  }
  return limits
}
