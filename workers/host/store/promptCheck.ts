/**
 * A prompt as a PEFT folder, checked as hostile: one float32 tensor `prompt_embeddings` `[P, d]` whose size, shape and
 * values fit the model, and a configuration that says the same.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import { PARTS } from '../../protocol/wire.ts'

const TENSOR = 'prompt_embeddings'

/** Bytes of a header with one tensor and a little metadata; other writers pad. */
const HEADER_BYTES = 16 * 1024

/**
 * Largest root mean square of a row. Token embeddings stay below 2 and tuned prompts below 20 in the models we know;
 * beyond this a prompt only drives the teacher into overflow.
 */
const ROW_RMS = 100

const Header = z.strictObject({
  __metadata__: z.optional(z.record(z.string(), z.string())),
  [TENSOR]: z.strictObject({
    dtype: z.literal('F32'),
    shape: z.tuple([z.int().check(z.positive()), z.int().check(z.positive())]),
    data_offsets: z.tuple([z.literal(0), z.int().check(z.positive())]),
  }),
})

/** PEFT's configuration has many fields that mean nothing here; these three must fit the tensor. */
const Config = z.looseObject({
  peft_type: z.literal('PROMPT_TUNING'),
  num_virtual_tokens: z.int(),
  token_dim: z.int(),
})

export type PromptFiles = { readonly config: Uint8Array; readonly weights: Uint8Array }

/**
 * Rows P of the prompt. Errors: `safetensors` for a broken file, `prompt-mismatch` for another width than the model's,
 * `prompt-invalid` for wrong values or a configuration that says otherwise.
 */
export function checkPrompt(files: PromptFiles, model: { readonly width: number; readonly maxRows: number }): number {
  const { rows, width, data } = readTensor(files.weights)
  if (width !== model.width) {
    throw new SoftpostError(
      'prompt-mismatch',
      `the prompt has width ${width}, the model ${model.width}; it is for another model`,
    )
  }
  if (rows > model.maxRows) {
    throw new SoftpostError('prompt-invalid', `the prompt has ${rows} rows; this host takes up to ${model.maxRows}`)
  }
  checkValues(data, width)
  const config = parse(Config, files.config, 'prompt-invalid', PARTS.config)
  if (config.num_virtual_tokens !== rows || config.token_dim !== width) {
    throw new SoftpostError(
      'prompt-invalid',
      `${PARTS.config} does not describe the ${rows} x ${width} prompt beside it`,
    )
  }
  return rows
}

/** The same for a folder that a compute process wrote; the number of rows is the process's own choice. */
export async function checkPromptFolder(folder: string, width: number): Promise<void> {
  const [config, weights] = await Promise.all([
    readFile(join(folder, PARTS.config)),
    readFile(join(folder, PARTS.weights)),
  ])
  checkPrompt({ config, weights }, { width, maxRows: Number.POSITIVE_INFINITY })
}

type Tensor = { readonly rows: number; readonly width: number; readonly data: DataView }

function readTensor(bytes: Uint8Array): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = bytes.byteLength < 8 ? null : view.getBigUint64(0, true)
  if (length === null || length > HEADER_BYTES || 8n + length > bytes.byteLength) {
    throw new SoftpostError('safetensors', `${PARTS.weights} has no valid header; export the prompt again`)
  }
  const start = 8 + Number(length)
  const header = parse(Header, bytes.subarray(8, start), 'safetensors', PARTS.weights)
  const { shape, data_offsets: offsets } = header[TENSOR]
  const [rows, width] = shape
  if (rows * width * 4 !== offsets[1] || start + offsets[1] !== bytes.byteLength) {
    throw new SoftpostError('safetensors', `${PARTS.weights} does not hold the ${rows} x ${width} floats it announces`)
  }
  return { rows, width, data: new DataView(bytes.buffer, bytes.byteOffset + start, offsets[1]) }
}

function checkValues(data: DataView, width: number): void {
  const rowBytes = width * 4
  for (let row = 0; row < data.byteLength; row += rowBytes) {
    let squares = 0
    for (let at = row; at < row + rowBytes; at += 4) squares += data.getFloat32(at, true) ** 2
    const rms = Math.sqrt(squares / width)
    if (!Number.isFinite(rms))
      throw new SoftpostError('prompt-invalid', 'the prompt holds values that are not finite numbers')
    if (rms > ROW_RMS) {
      throw new SoftpostError('prompt-invalid', `row ${row / rowBytes} of the prompt is far larger than any embedding`)
    }
  }
}

function parse<T>(
  schema: z.ZodMiniType<T>,
  bytes: Uint8Array,
  code: 'safetensors' | 'prompt-invalid',
  name: string,
): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw new SoftpostError(code, `${name} does not describe one prompt of PEFT's format; export it again`, {
      cause: error,
    })
  }
}
