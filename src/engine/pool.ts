/** How many members share the microbatches on WASM, one thread each; a GPU needs none. */

/** More than this brings little for a small student, and each holds its own copy of the weights. */
const MOST_MEMBERS = 4
/** Gibibytes of memory per member that leave room for the page and the system. */
const MEMORY_PER_MEMBER = 1

export type DeviceFacts = {
  readonly cores: number
  /** As the browser rounds it; null where it does not say. */
  readonly memoryGiB: number | null
  readonly hasGpu: boolean
}

/** What the person asked for; the worker decides where it is left to it. */
export type BackendWish = 'auto' | 'webgpu' | 'wasm'

export function memberCount({ cores, memoryGiB, hasGpu }: DeviceFacts, wish: BackendWish): number {
  if (wish === 'webgpu' || (wish === 'auto' && hasGpu)) return 0
  const byMemory = memoryGiB === null ? MOST_MEMBERS : Math.floor(memoryGiB / MEMORY_PER_MEMBER)
  return Math.max(1, Math.min(cores, byMemory, MOST_MEMBERS))
}

/** What this file asks of WebGPU and of the memory hint, which the page's types do not describe. */
type Adapter = { readonly info?: { readonly isFallbackAdapter?: boolean } }
type DeviceNavigator = Navigator & {
  readonly gpu?: { requestAdapter(): Promise<Adapter | null> }
  readonly deviceMemory?: number
}

export async function deviceFacts(): Promise<DeviceFacts> {
  const device: DeviceNavigator = navigator
  return {
    cores: device.hardwareConcurrency,
    memoryGiB: device.deviceMemory ?? null,
    hasGpu: await hasRealGpu(device),
  }
}

/** A software adapter counts as none, as in the worker. */
async function hasRealGpu({ gpu }: DeviceNavigator): Promise<boolean> {
  if (gpu === undefined) return false
  try {
    const adapter = await gpu.requestAdapter()
    return adapter !== null && !(adapter.info?.isFallbackAdapter ?? false)
  } catch {
    // A browser that has the API and cannot use it computes on the processor.
    return false
  }
}
