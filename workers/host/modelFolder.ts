/** Model folders on disk: with our manifest, or any Hugging Face folder, whose manifest is then derived. */
import { readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import * as z from 'zod/mini'
import { sourceOf, wholeOf } from '../model/byteSource.ts'
import {
  MANIFEST_NAME,
  MODEL_FILES,
  measureFile,
  modelSha256,
  parseManifest,
  readShardNames,
  toModelInfo,
  verifyFiles,
  type ModelManifest,
} from '../model/manifest.ts'
import { openSafetensors } from '../model/safetensors.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile, ModelFile } from '../protocol/tuner.ts'
import type { ModelInfo } from '../protocol/wire.ts'
import { isMissing } from './store/atomic.ts'
import { storedFile } from './storedFiles.ts'

export type ModelFolder<File extends LoadFile = ModelFile> = {
  readonly manifest: ModelManifest
  readonly files: readonly File[]
}

/**
 * What a folder's model is. Sizes of the files are checked, their hashes only when the folder is read whole.
 * @throws SoftpostError `model-missing-file`, `model-unknown`.
 */
export async function readManifest(dir: string): Promise<ModelInfo> {
  const bytes = await readOptional(join(dir, MANIFEST_NAME))
  if (bytes === null) return toModelInfo((await deriveFolder(dir, openFile)).manifest)
  const manifest = parseManifest(bytes)
  await requireSizes(dir, manifest)
  return toModelInfo(manifest)
}

/** Whether a model was written there whole: the manifest comes last. */
export async function hasManifest(dir: string): Promise<boolean> {
  return (await readOptional(join(dir, MANIFEST_NAME))) !== null
}

/**
 * The model of a folder, its files in memory and checked against the manifest's hashes.
 * @throws SoftpostError `model-missing-file` naming what is missing; `model-unknown`, `safetensors`.
 */
export async function readModelFolder(dir: string): Promise<ModelFolder> {
  return await readFolder(dir, readBytes)
}

/** The same, with weights that stay on disk until a tensor is asked for. */
export async function openModelFolder(dir: string): Promise<ModelFolder<LoadFile>> {
  return await readFolder(dir, openFile)
}

type Reader<File> = (name: string, path: string) => Promise<File>

async function readFolder<File extends LoadFile>(dir: string, read: Reader<File>): Promise<ModelFolder<File>> {
  const bytes = await readOptional(join(dir, MANIFEST_NAME))
  if (bytes === null) return await deriveFolder(dir, read)
  const manifest = parseManifest(bytes)
  await requireSizes(dir, manifest)
  const names = manifest.files.map(({ name }) => name)
  const files = await readAll(dir, names, read)
  await verifyFiles(manifest, files)
  return { manifest, files }
}

async function readBytes(name: string, path: string): Promise<ModelFile> {
  return { name, bytes: new Uint8Array(await readFile(path)) }
}

async function openFile(name: string, path: string): Promise<LoadFile> {
  return name.endsWith('.safetensors') ? await storedFile(name, path) : await readBytes(name, path)
}

/**
 * Configuration and weights alone, of a folder that need not have a tokenizer or be whole otherwise.
 * @throws SoftpostError `model-missing-file` naming what is missing; `safetensors`.
 */
export async function readBareModel(dir: string): Promise<ModelFile[]> {
  const names = [MODEL_FILES.config, ...(await weightNames(dir))]
  await requireFiles(dir, names)
  return await readAll(dir, names, readBytes)
}

/** What a manifest says that its files do not. */
export type ManifestWords = Pick<ModelManifest, 'id' | 'role' | 'teacher' | 'name' | 'description' | 'licence'> & {
  readonly provenance: string
}

/** A manifest for these files: architecture and sizes come from `config.json`, the rest is said by the caller. */
export async function makeManifest(words: ManifestWords, files: readonly LoadFile[]): Promise<ModelManifest> {
  const entries = await Promise.all(files.map(async (file) => ({ name: file.name, ...(await measureFile(file)) })))
  return {
    format: 'softpost-model',
    version: 1,
    ...words,
    ...readShape(files),
    parameters: countParameters(files),
    sha256: await modelSha256(entries),
    files: entries,
  }
}

/** As Hugging Face's configurations name them: GPT-2's own names, then everybody else's. */
const Config = z.pipe(
  z.looseObject({
    model_type: z.string(),
    n_layer: z.optional(z.int()),
    num_hidden_layers: z.optional(z.int()),
    n_embd: z.optional(z.int()),
    hidden_size: z.optional(z.int()),
    vocab_size: z.int(),
  }),
  z.transform((config) => ({
    architecture: config.model_type,
    layers: config.n_layer ?? config.num_hidden_layers,
    width: config.n_embd ?? config.hidden_size,
    vocabulary: config.vocab_size,
  })),
)

function readShape(
  files: readonly LoadFile[],
): Pick<ModelManifest, 'architecture' | 'layers' | 'width' | 'vocabulary'> {
  const file = files.find(({ name }) => name === MODEL_FILES.config)
  try {
    const { layers, width, ...rest } = Config.parse(JSON.parse(new TextDecoder().decode(file && wholeOf(file))))
    if (layers !== undefined && width !== undefined) return { ...rest, layers, width }
  } catch (error) {
    throw new SoftpostError(
      'model-unknown',
      `${MODEL_FILES.config} is not a Hugging Face model configuration; is this a model folder?`,
      { cause: error },
    )
  }
  throw new SoftpostError(
    'model-unknown',
    `${MODEL_FILES.config} names neither layers nor width; is this a language model?`,
  )
}

/** Causal masks that old GPT-2 files carry beside the weights. */
const NOT_A_WEIGHT = /\.attn\.(?:bias|masked_bias)$/

function countParameters(files: readonly LoadFile[]): number {
  let sum = 0
  for (const file of files) {
    if (!file.name.endsWith('.safetensors')) continue
    for (const [tensor, { shape }] of openSafetensors(sourceOf(file)).tensors) {
      if (!NOT_A_WEIGHT.test(tensor)) sum += shape.reduce((product, size) => product * size, 1)
    }
  }
  return sum
}

/** A folder without a manifest counts as a teacher: the role whose files are never given out. */
async function deriveFolder<File extends LoadFile>(dir: string, read: Reader<File>): Promise<ModelFolder<File>> {
  const files = await readAll(dir, await requireHuggingFaceFiles(dir), read)
  const name = basename(resolve(dir))
  const manifest = await makeManifest(
    {
      id: toModelId(name),
      role: 'teacher',
      teacher: null,
      name,
      description: 'A Hugging Face model folder without a manifest.',
      licence: 'not stated',
      provenance: 'not stated',
    },
    files,
  )
  return { manifest, files }
}

/** Of the files with weights: one, or an index and its shards. */
async function weightNames(dir: string): Promise<string[]> {
  const index = await readOptional(join(dir, MODEL_FILES.shardIndex))
  const single = await sizeOf(join(dir, MODEL_FILES.weights))
  return single !== null || index === null ? [MODEL_FILES.weights] : [MODEL_FILES.shardIndex, ...readShardNames(index)]
}

async function requireHuggingFaceFiles(dir: string): Promise<string[]> {
  const needed = [MODEL_FILES.config, MODEL_FILES.tokenizer, ...(await weightNames(dir))]
  await requireFiles(dir, needed)
  const hasTokenizerConfig = (await sizeOf(join(dir, MODEL_FILES.tokenizerConfig))) !== null
  return hasTokenizerConfig ? [...needed, MODEL_FILES.tokenizerConfig] : needed
}

async function requireSizes(dir: string, manifest: ModelManifest): Promise<void> {
  const sizes = await requireFiles(
    dir,
    manifest.files.map(({ name }) => name),
  )
  for (const { name, sizeBytes } of manifest.files) {
    if (sizes.get(name) !== sizeBytes) {
      throw new SoftpostError(
        'model-unknown',
        `${name} in ${dir} has ${sizes.get(name)} bytes, its manifest says ${sizeBytes}; download the model again`,
      )
    }
  }
}

/** Sizes by name. Errors: `model-missing-file` naming all that are missing. */
async function requireFiles(dir: string, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  const missing: string[] = []
  for (const name of names) {
    const size = await sizeOf(join(dir, name))
    if (size === null) missing.push(name)
    else sizes.set(name, size)
  }
  if (missing.length === 0) return sizes
  throw new SoftpostError(
    'model-missing-file',
    `${dir} is not a whole model folder: ${missing.join(', ')} missing; give a Hugging Face folder with safetensors weights`,
    { data: { missing } },
  )
}

async function readAll<File>(dir: string, names: readonly string[], read: Reader<File>): Promise<File[]> {
  return await Promise.all(names.map((name) => read(name, join(dir, name))))
}

/** A name as the protocol's ModelId wants it. */
function toModelId(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  return id === '' ? 'model' : id
}

async function readOptional(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Size of a plain file, or null where there is none. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    const entry = await stat(path)
    return entry.isFile() ? entry.size : null
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
