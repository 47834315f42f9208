/** A model with some of another's layers: embeddings, head and the chosen layers, unchanged. */
import type { ModelFile } from '../protocol/tuner.ts'
import { MODEL_FILES } from './manifest.ts'
import { readSafetensors, writeSafetensors, type TensorView } from './safetensors.ts'

/** Names of a layer's tensors: `h.3.` (GPT-2), `layers.3.` (Llama), `layer.3.` (BERT). */
const LAYER_TENSOR = /^((?:[a-z_]+\.)*(?:h|layers?)\.)(\d+)(\..+)$/

/** The model's files: `layers`, some perhaps more than once, renumbered in their order, all other tensors and the tokenizer as they are. */
export function keepLayers(files: readonly ModelFile[], layers: readonly number[]): ModelFile[] {
  const tensors = new Map<string, TensorView>()
  for (const { name: file, bytes } of files) {
    if (!file.endsWith('.safetensors')) continue
    for (const [name, view] of readSafetensors(bytes).tensors) {
      const [, before, layer, after] = LAYER_TENSOR.exec(name) ?? []
      if (layer === undefined) tensors.set(name, view)
      for (const [place, kept] of layers.entries()) {
        if (kept === Number(layer)) tensors.set(`${before}${place}${after}`, view)
      }
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

/** The configuration with fewer layers, under whichever name it counts them. */
function shortConfig(files: readonly ModelFile[], layers: number): Uint8Array<ArrayBuffer> {
  const bytes = files.find(({ name }) => name === MODEL_FILES.config)?.bytes
  const config: Record<string, unknown> = JSON.parse(new TextDecoder().decode(bytes))
  for (const name of ['n_layer', 'num_hidden_layers']) if (name in config) config[name] = layers
  return new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`)
}
