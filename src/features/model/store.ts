import { create } from 'zustand'
import { assertNever, type ErrorReport } from '../../../workers/protocol/errors.ts'
import type { ModelReport, NetworkProbe } from '../../../workers/protocol/tuner.ts'
import type { RuntimeReport, WeightFormat } from '../../../workers/protocol/tuning.ts'
import type { ModelInfo } from '../../../workers/protocol/wire.ts'
import type { BackendWish, DeviceFacts } from '../../engine/pool.ts'

export type ModelState = {
  readonly list: 'unread' | 'reading' | 'read' | 'failed'
  readonly students: readonly ModelInfo[]
  readonly chosenId: string | null
  readonly device: DeviceFacts | null
  readonly backend: BackendWish
  /** What the weights are rounded to when they are loaded. */
  readonly weights: WeightFormat
  /** Name of the folder on this computer that the model is from; null for the provider's. */
  readonly folder: string | null
  /** How far the chosen model is. */
  readonly status: 'none' | 'downloading' | 'starting' | 'opening' | 'ready' | 'failed'
  readonly loadedBytes: number
  /** Other models that were removed from this browser to make room. */
  readonly madeRoomFor: number
  readonly runtime: RuntimeReport | null
  readonly model: ModelReport | null
  readonly probe: NetworkProbe | null
  /** Of the list or of the loading, whichever failed. */
  readonly error: ErrorReport | null
}

export const useModel = create<ModelState>(() => ({
  list: 'unread',
  students: [],
  chosenId: null,
  device: null,
  backend: 'auto',
  weights: 'f32',
  status: 'none',
  folder: null,
  loadedBytes: 0,
  madeRoomFor: 0,
  runtime: null,
  model: null,
  probe: null,
  error: null,
}))

export function chosenStudent({ students, chosenId }: ModelState): ModelInfo | null {
  return students.find(({ id }) => id === chosenId) ?? students[0] ?? null
}

/** Whether the graphics card is to do the work, as far as is known before it is asked. */
export function usesGpu({ backend, device }: ModelState): boolean {
  return backend === 'webgpu' || (backend === 'auto' && device?.hasGpu === true)
}

/** Bytes that the weights take on a graphics card. 8 bits hold the blocks alone; embeddings stay float32. */
export function memoryOf({ parameters, vocabulary, width }: ModelInfo, weights: WeightFormat): number {
  const embeddings = Math.min(parameters, vocabulary * width)
  switch (weights) {
    case 'f32':
      return 4 * parameters
    case 'f16':
    case 'f16-mixed':
      return 2 * parameters
    case 'int8':
      return 4 * embeddings + (parameters - embeddings)
    default:
      return assertNever(weights)
  }
}

export function sizeOf(info: ModelInfo): number {
  return info.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

export function isLoading(status: ModelState['status']): boolean {
  return status === 'downloading' || status === 'starting' || status === 'opening'
}
