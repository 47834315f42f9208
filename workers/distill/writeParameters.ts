/** Trained parameters back into the files of their model. */
import type { TrainedModel } from './compute.ts'
import { MODEL_FILES } from '../model/manifest.ts'
import { fromFloat32, readSafetensors, writeSafetensors } from '../model/safetensors.ts'
import { tensorAliases } from '../model/tensorAliases.ts'
import type { ModelFile } from '../protocol/tuner.ts'

/** Each tensor keeps its name, and its type where that is F16. Tensors that are no parameter stay as they are. */
export function writeParameters(
  files: readonly ModelFile[],
  { slots, values, prefix }: Pick<TrainedModel, 'slots' | 'values' | 'prefix'>,
): ModelFile[] {
  const known = new Map(slots.flatMap((slot) => tensorAliases(slot.name, prefix).map((alias) => [alias, slot])))
  return files.map((file) => {
    if (file.name !== MODEL_FILES.weights) return file
    const { tensors, metadata } = readSafetensors(file.bytes)
    const trained = [...tensors].map(([name, view]) => {
      const slot = known.get(name)
      if (!slot) return [name, view] as const
      const part = values.subarray(slot.offset, slot.offset + slot.size)
      return [name, fromFloat32(part, slot.shape, view.dtype === 'F16' ? 'F16' : 'F32')] as const
    })
    return { name: file.name, bytes: writeSafetensors(new Map(trained), metadata) }
  })
}
