/** A student as it is cut from its teacher: embeddings, head and some of the layers. */
import { MODEL_FILES } from '../../model/manifest.ts'
import { readSafetensors, writeSafetensors, type TensorView } from '../../model/safetensors.ts'
import type { ModelFile } from '../../protocol/tuner.ts'
import { usageError } from './options.ts'
import type { ModelFolder } from '../modelFolder.ts'

/** Layers as they are typed, "0,5". Errors: `usage`. */
export function readLayers(command: string, typed: string): number[] {
  const layers = typed.split(',').map((part) => (/^\d{1,4}$/.test(part.trim()) ? Number(part) : Number.NaN))
  if (layers.some((layer, index) => Number.isNaN(layer) || layer <= (layers[index - 1] ?? -1))) {
    throw usageError(command, `--layers ${typed} is not an ascending list such as 0,5`)
  }
  return layers
}

/** Names of a layer's tensors: `h.3.` (GPT-2), `layers.3.` (Llama), `layer.3.` (BERT). */
const LAYER_TENSOR = /^((?:[a-z_]+\.)*(?:h|layers?)\.)(\d+)(\..+)$/

/** The student's files: chosen layers renumbered, all other tensors and the tokenizer as they are. */
export function takeLayers(command: string, { manifest, files }: ModelFolder, layers: readonly number[]): ModelFile[] {
  const beyond = layers.find((layer) => layer >= manifest.layers)
  if (beyond !== undefined) {
    throw usageError(command, `--layers: ${manifest.id} has layers 0 to ${manifest.layers - 1}, not ${beyond}`)
  }
  const places = new Map(layers.map((layer, place) => [layer, place]))
  const tensors = new Map<string, TensorView>()
  for (const { name: file, bytes } of files) {
    if (!file.endsWith('.safetensors')) continue
    for (const [name, view] of readSafetensors(bytes).tensors) {
      const [, before, layer, after] = LAYER_TENSOR.exec(name) ?? []
      const place = places.get(Number(layer))
      if (layer === undefined) tensors.set(name, view)
      else if (place !== undefined) tensors.set(`${before}${place}${after}`, view)
    }
  }
  const others = [MODEL_FILES.tokenizer, MODEL_FILES.tokenizerConfig].flatMap(
    (name) => files.find((file) => file.name === name) ?? [],
  )
  return [
    { name: MODEL_FILES.config, bytes: shortConfig(files, layers.length) },
    { name: MODEL_FILES.weights, bytes: writeSafetensors(tensors, { format: 'pt' }) },
    ...others,
  ]
}

/** The teacher's configuration with fewer layers, under whichever name it counts them. */
function shortConfig(files: readonly ModelFile[], layers: number): Uint8Array<ArrayBuffer> {
  const bytes = files.find(({ name }) => name === MODEL_FILES.config)?.bytes
  const config: Record<string, unknown> = JSON.parse(new TextDecoder().decode(bytes))
  for (const name of ['n_layer', 'num_hidden_layers']) if (name in config) config[name] = layers
  return new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`)
}
