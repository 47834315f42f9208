/** `manifest.json` of a model folder: what the model is, where it comes from, and the hash of each of its files. */
import * as z from 'zod/mini'
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile } from '../protocol/tuner.ts'
import { ModelInfo } from '../protocol/wire.ts'
import { sourceOf } from './byteSource.ts'
import { hashSource } from './sha256.ts'

export const MANIFEST_NAME = 'manifest.json'

/** Names of the files of a Hugging Face folder that Softpost reads. */
export const MODEL_FILES = {
  config: 'config.json',
  weights: 'model.safetensors',
  shardIndex: 'model.safetensors.index.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
} as const

/** A plain name: a manifest must not lead out of its folder. */
const FileName = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/))
const count = z.int().check(z.positive())

/** {@link ModelInfo} with what only the folder itself says. */
export const ModelManifest = z
  .strictObject({
    ...ModelInfo.shape,
    /** Absent means the first version. */
    format: z.optional(z.literal('softpost-model')),
    version: z.optional(z.literal(1)),
    layers: count,
    width: count,
    vocabulary: count,
    parameters: count,
    /** Where the weights come from and how they were made. */
    provenance: z.optional(z.string()),
    files: z
      .array(z.strictObject({ name: FileName, sizeBytes: count, sha256: ModelInfo.shape.sha256 }))
      .check(z.minLength(1)),
  })
  .check(
    z.refine(({ role, teacher }) => role === 'student' || teacher === null, 'only a student has a teacher'),
    z.refine(({ files }) => new Set(files.map(({ name }) => name)).size === files.length, 'files names one file twice'),
  )
export type ModelManifest = z.infer<typeof ModelManifest>

/**
 * @throws SoftpostError `model-unknown` when the JSON is not a manifest, naming the field.
 */
export function parseManifest(bytes: Uint8Array): ModelManifest {
  return parseJson(ModelManifest, bytes, MANIFEST_NAME, 'model-unknown')
}

/** What the host says about a model: the manifest without what only the folder says. */
export function toModelInfo(manifest: ModelManifest): ModelInfo {
  const { format: _format, version: _version, provenance: _provenance, ...info } = manifest
  return info
}

/** The files that hold the tensors, from `model.safetensors.index.json`. Errors: `safetensors`. */
export function readShardNames(index: Uint8Array): string[] {
  const { weight_map: map } = parseJson(ShardIndex, index, MODEL_FILES.shardIndex, 'safetensors')
  return [...new Set(Object.values(map))].sort()
}

const ShardIndex = z.looseObject({ weight_map: z.record(z.string(), FileName) })

/** A model's identity: SHA-256 (lower-case hex) over its files' hashes in hex, sorted and joined. */
export async function modelSha256(files: readonly { readonly sha256: string }[]): Promise<string> {
  const hashes = files.map(({ sha256 }) => sha256).sort()
  return await sha256Hex(new TextEncoder().encode(hashes.join('')))
}

/** A file's size and hash. */
export async function measureFile(file: LoadFile): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  if ('bytes' in file) return { sizeBytes: file.bytes.byteLength, sha256: await sha256Hex(file.bytes) }
  return { sizeBytes: file.sizeBytes, sha256: file.sha256 ?? hashSource(sourceOf(file)) }
}

/** SHA-256 in lower-case hex. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * Checks that `files` are exactly those of the manifest, byte for byte, and that they are the model it claims to be.
 * The manifest itself may be among them.
 * @throws SoftpostError `model-missing-file`, or `model-unknown` for a file that differs or is not listed.
 */
export async function verifyFiles(
  manifest: Pick<ModelInfo, 'id' | 'files' | 'sha256'>,
  files: readonly LoadFile[],
): Promise<void> {
  const expected = new Map(manifest.files.map((file) => [file.name, file]))
  const given = files.filter(({ name }) => name !== MANIFEST_NAME)
  const missing = [...expected.keys()].filter((name) => !given.some((file) => file.name === name))
  if (missing.length > 0) {
    throw new SoftpostError(
      'model-missing-file',
      `model ${manifest.id}: ${missing.join(', ')} missing; download it again`,
      {
        data: { missing },
      },
    )
  }
  for (const found of given) {
    const { name } = found
    const file = expected.get(name)
    if (!file) throw new SoftpostError('model-unknown', `model ${manifest.id}: ${name} is not in its manifest`)
    const { sizeBytes, sha256 } = await measureFile(found)
    if (sizeBytes !== file.sizeBytes || sha256 !== file.sha256) {
      throw new SoftpostError(
        'model-unknown',
        `model ${manifest.id}: ${name} (${sizeBytes} bytes) is not the file of its manifest (${file.sizeBytes} bytes); download it again`,
        { data: { file: name } },
      )
    }
  }
  if ((await modelSha256(manifest.files)) !== manifest.sha256) {
    throw new SoftpostError(
      'model-unknown',
      `model ${manifest.id}: its manifest's sha256 is not that of its files; write the manifest again`,
    )
  }
}

function parseJson<T>(
  schema: z.ZodMiniType<T>,
  bytes: Uint8Array,
  name: string,
  code: 'model-unknown' | 'safetensors',
): T {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new SoftpostError(code, `${name} is not JSON; download the model again`, { cause: error })
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
  throw new SoftpostError(code, `${name} is not valid${where}: ${issue?.message ?? 'wrong form'}`, {
    cause: parsed.error,
  })
}
