/** The option `--layers`: which of a teacher's layers a student keeps. */
import { keepLayers } from '../../model/layers.ts'
import type { ModelFile } from '../../protocol/tuner.ts'
import type { ModelFolder } from '../modelFolder.ts'
import { usageError } from './options.ts'

/** Layers as they are typed, "0,5". Errors: `usage`. */
export function readLayers(command: string, typed: string): number[] {
  const layers = typed.split(',').map((part) => (/^\d{1,4}$/.test(part.trim()) ? Number(part) : Number.NaN))
  if (layers.some((layer, index) => Number.isNaN(layer) || layer <= (layers[index - 1] ?? -1))) {
    throw usageError(command, `--layers ${typed} is not an ascending list such as 0,5`)
  }
  return layers
}

/** The student's files. Errors: `usage` for a layer that the teacher does not have. */
export function takeLayers(command: string, { manifest, files }: ModelFolder, layers: readonly number[]): ModelFile[] {
  const beyond = layers.find((layer) => layer >= manifest.layers)
  if (beyond !== undefined) {
    throw usageError(command, `--layers: ${manifest.id} has layers 0 to ${manifest.layers - 1}, not ${beyond}`)
  }
  return keepLayers(files, layers)
}
