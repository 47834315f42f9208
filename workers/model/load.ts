/** From the files of a Hugging Face folder to a model on the current backend. */
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile, ModelReport } from '../protocol/tuner.ts'
import type { WeightFormat } from '../protocol/tuning.ts'
import { architectureOf } from './architectures/registry.ts'
import { sourceOf, wholeOf } from './byteSource.ts'
import { measureFile, MODEL_FILES, modelSha256, readShardNames } from './manifest.ts'
import { MANIFEST_NAME } from './manifest.ts'
import { openSafetensors, type TensorView } from './safetensors.ts'
import type { LanguageModel } from './types.ts'
import type { Architecture, Blueprint } from './transformer/blueprint.ts'
import { TransformerModel } from './transformer/model.ts'
import { WeightSource } from './weightSource.ts'

/**
 * Errors: `model-missing-file` and `model-unknown` for a folder that is no model we run, `model-tensor` for weights
 * that do not fit `config.json`, `safetensors` for a broken file.
 */
export function createModel(files: readonly LoadFile[], format: WeightFormat = 'f32'): LanguageModel {
  const { blueprint, source } = readModelParts(files, format)
  return new TransformerModel(blueprint, source)
}

/** A model's parts, for work that needs more than a {@link LanguageModel}. Errors: as {@link createModel}. */
export function readModelParts(
  files: readonly LoadFile[],
  format: WeightFormat = 'f32',
): {
  readonly architecture: Architecture
  readonly blueprint: Blueprint
  readonly source: WeightSource
} {
  const { type, config } = readType(files)
  const architecture = architectureOf(type)
  const source = new WeightSource(readWeights(files), architecture.prefix, format)
  return { architecture, blueprint: architecture.blueprint(config), source }
}

/** What `config.json` says. @throws SoftpostError `model-missing-file`, `model-unknown`. */
export function readBlueprint(files: readonly LoadFile[]): Blueprint {
  const { type, config } = readType(files)
  return architectureOf(type).blueprint(config)
}

/** What the page shows of a loaded model; `sha256` is the identity that its files have, whatever a manifest claims. */
export async function describeModel(
  id: string,
  model: LanguageModel,
  files: readonly LoadFile[],
): Promise<ModelReport> {
  const { architecture, layers, width, vocabulary, contextLength, parameters } = model.shape
  const weighed = files.filter(({ name }) => name !== MANIFEST_NAME)
  const hashes = await Promise.all(weighed.map(measureFile))
  const sha256 = await modelSha256(hashes)
  return { id, architecture, layers, width, vocabulary, contextLength, parameters, sha256 }
}

function readType(files: readonly LoadFile[]): { readonly type: string; readonly config: object } {
  const config = readConfig(files)
  return { type: 'model_type' in config ? String(config.model_type) : 'unnamed', config }
}

function readConfig(files: readonly LoadFile[]): object {
  const bytes = wholeOf(requireFile(files, MODEL_FILES.config))
  try {
    const config: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof config === 'object' && config !== null) return config
  } catch (error) {
    throw new SoftpostError('model-unknown', 'config.json is not JSON; download the model again', { cause: error })
  }
  throw new SoftpostError('model-unknown', 'config.json is not a model configuration; download the model again')
}

function readWeights(files: readonly LoadFile[]): ReadonlyMap<string, TensorView> {
  const index = files.find(({ name }) => name === MODEL_FILES.shardIndex)
  const whole = files.find(({ name }) => name === MODEL_FILES.weights)
  const names = whole || !index ? [MODEL_FILES.weights] : readShardNames(wholeOf(index))
  const tensors = new Map<string, TensorView>()
  for (const name of names) {
    for (const [tensor, view] of openSafetensors(sourceOf(requireFile(files, name))).tensors) tensors.set(tensor, view)
  }
  return tensors
}

function requireFile(files: readonly LoadFile[], name: string): LoadFile {
  const file = files.find((file) => file.name === name)
  if (file) return file
  throw new SoftpostError('model-missing-file', `the model folder has no ${name}; download the model again`, {
    data: { missing: [name] },
  })
}
