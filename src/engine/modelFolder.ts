/** A Hugging Face folder that a person picks from disk. Its weights are read where they are, part by part. */
import { SoftpostError } from '../../workers/protocol/errors.ts'
import type { LoadFile } from '../../workers/protocol/tuner.ts'

const CONFIG = 'config.json'
const TOKENIZER = 'tokenizer.json'
const WEIGHTS = '.safetensors'
/** Beside the weights, whatever their names. */
const SMALL_FILES = new Set([CONFIG, TOKENIZER, 'tokenizer_config.json', 'model.safetensors.index.json'])

/** @throws SoftpostError `model-missing-file` for a folder that is no model, naming what it lacks. */
export async function readFolder(
  picked: readonly File[],
): Promise<{ readonly id: string; readonly files: readonly LoadFile[] }> {
  // Folders inside the one that was picked are not part of the model.
  const files = picked.filter(({ webkitRelativePath: path }) => path.split('/').length <= 2)
  const missing = [CONFIG, TOKENIZER].filter((name) => !files.some((file) => file.name === name))
  if (!files.some(({ name }) => name.endsWith(WEIGHTS))) missing.push('model.safetensors')
  if (missing.length > 0) {
    throw new SoftpostError(
      'model-missing-file',
      `this is not a whole model folder: ${missing.join(', ')} missing; choose a Hugging Face folder with safetensors weights`,
      { data: { missing } },
    )
  }
  const [name = ''] = files[0]?.webkitRelativePath.split('/') ?? []
  return { id: toId(name), files: (await Promise.all(files.map(toLoadFile))).filter((file) => file !== null) }
}

async function toLoadFile(file: File): Promise<LoadFile | null> {
  const { name, size } = file
  if (name.endsWith(WEIGHTS)) return { name, stored: file, sizeBytes: size, sha256: null }
  return SMALL_FILES.has(name) ? { name, bytes: new Uint8Array(await file.arrayBuffer()) } : null
}

/** A name as the protocol's ModelId wants it. */
function toId(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  return id === '' ? 'model' : id
}
