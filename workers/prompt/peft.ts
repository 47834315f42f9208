/**
 * A soft prompt as the two files of a PEFT folder (`adapter_config.json`, `adapter_model.safetensors`), so that
 * `peft.PeftModel.from_pretrained` loads what we write and we load what it writes.
 * Format: PEFT 0.20, `PromptTuningConfig` and `save_pretrained` (src/peft/tuners/prompt_tuning/config.py).
 */
import * as z from 'zod/mini'
import { readSafetensors, toFloat32, writeSafetensors, type TensorView } from '../model/safetensors.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { PARTS } from '../protocol/wire.ts'
import type { SoftPrompt } from './softPrompt.ts'

const TENSOR = 'prompt_embeddings'

export type PeftFiles = { readonly config: Uint8Array<ArrayBuffer>; readonly weights: Uint8Array<ArrayBuffer> }

/** What the configuration says beyond the matrix; PEFT wants the model's sizes beside the prompt's. */
export type PeftWords = {
  /** Model id or folder: PEFT's `base_model_name_or_path`. */
  readonly baseModel: string
  readonly layers?: number
  readonly heads?: number
  /** Text that the prompt started from. */
  readonly initText?: string
  /** Where PEFT finds the model's tokenizer, if it can. */
  readonly tokenizer?: string
  /** PEFT's `task_type`; null for none, with which PEFT does not put the prompt before the text by itself. */
  readonly taskType?: 'CAUSAL_LM' | null
}

/**
 * Equal prompts give equal bytes: keys are sorted, as PEFT writes them. Fields that not every PEFT knows are left out.
 * @throws SoftpostError `prompt-invalid` for a prompt that could not be read back.
 */
export function writePeft(prompt: SoftPrompt, words: PeftWords): PeftFiles {
  requireSound(prompt, PROMPT_LIMITS)
  // Said to start from text only with a tokenizer: PEFT refuses TEXT without one, and loads it to go on training.
  const { initText = null, tokenizer = null } = words
  const fromText = initText !== null && tokenizer !== null
  const config = {
    auto_mapping: null,
    base_model_name_or_path: words.baseModel,
    inference_mode: true,
    num_attention_heads: words.heads ?? null,
    num_layers: words.layers ?? null,
    num_transformer_submodules: 1,
    num_virtual_tokens: prompt.length,
    peft_type: 'PROMPT_TUNING',
    prompt_tuning_init: fromText ? 'TEXT' : 'RANDOM',
    prompt_tuning_init_text: initText,
    revision: null,
    task_type: words.taskType === undefined ? 'CAUSAL_LM' : words.taskType,
    token_dim: prompt.width,
    tokenizer_name_or_path: fromText ? tokenizer : null,
  }
  const { values, length, width } = prompt
  const view: TensorView = {
    dtype: 'F32',
    shape: [length, width],
    bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  }
  return {
    config: new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`),
    weights: writeSafetensors(new Map([[TENSOR, view]]), { format: 'pt' }),
  }
}

export type PromptLimits = {
  /** Most rows P. */
  readonly rows: number
  /** Largest width d. */
  readonly width: number
  /**
   * Largest root mean square of a row. Token embeddings stay below 2 and tuned prompts below 20 in the models we know;
   * far beyond that a prompt only drives the model into overflow.
   */
  readonly rowRms: number
}

const PROMPT_LIMITS: PromptLimits = { rows: 1_024, width: 16_384, rowRms: 100 }

/** The configuration is small; a large one is not ours. */
const CONFIG_BYTES = 64 * 1024
const HEADER_BYTES = 64 * 1024

/** Fields that must fit the matrix; PEFT has many more that mean nothing here. */
const Config = z.looseObject({
  peft_type: z.literal('PROMPT_TUNING'),
  num_virtual_tokens: z.int(),
  token_dim: z.optional(z.nullable(z.int())),
  num_transformer_submodules: z.optional(z.nullable(z.literal(1))),
})

/**
 * The prompt of a PEFT folder, which may be hostile: nothing of it is trusted before it is checked. F16 and BF16 are
 * widened.
 * @throws SoftpostError `prompt-invalid`; `safetensors` for a broken file.
 */
export function readPeft(
  config: Uint8Array<ArrayBuffer>,
  weights: Uint8Array<ArrayBuffer>,
  limits: PromptLimits = PROMPT_LIMITS,
): SoftPrompt {
  const described = parseConfig(config)
  if (weights.byteLength > limits.rows * limits.width * 4 + HEADER_BYTES) {
    throw invalid(`${PARTS.weights} has ${weights.byteLength} bytes, more than any prompt`)
  }
  const { tensors } = readSafetensors(weights)
  const view = tensors.get(TENSOR)
  if (!view || tensors.size !== 1) throw invalid(`${PARTS.weights} must hold one tensor, ${TENSOR}`)
  const [length, width] = view.shape
  if (view.shape.length !== 2 || !length || !width) {
    throw invalid(`${TENSOR} has shape [${view.shape.slice(0, 8).join(', ')}], not [rows, width]`)
  }
  if (view.dtype !== 'F32' && view.dtype !== 'F16' && view.dtype !== 'BF16') {
    throw invalid(`${TENSOR} is of type ${view.dtype}, not F32`)
  }
  if (described.num_virtual_tokens !== length || (described.token_dim ?? width) !== width) {
    throw invalid(`${PARTS.config} does not describe the ${length} x ${width} prompt beside it`)
  }
  // Sizes before values: the matrix is copied only when it is small enough.
  if (length > limits.rows || width > limits.width) {
    throw invalid(`it is ${length} x ${width}; up to ${limits.rows} x ${limits.width} is read`)
  }
  const prompt = { values: toFloat32(view), length, width }
  requireSound(prompt, limits)
  return prompt
}

function parseConfig(bytes: Uint8Array): z.infer<typeof Config> {
  if (bytes.byteLength > CONFIG_BYTES) throw invalid(`${PARTS.config} has ${bytes.byteLength} bytes, more than any`)
  try {
    return Config.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw invalid(`${PARTS.config} does not describe a prompt of PEFT's prompt tuning`, error)
  }
}

function requireSound({ values, length, width }: SoftPrompt, limits: PromptLimits): void {
  if (values.length !== length * width || values.length === 0) {
    throw invalid(`it has ${values.length} values, not ${length} x ${width}`)
  }
  for (let row = 0; row < length; row++) {
    let squares = 0
    for (let at = row * width; at < (row + 1) * width; at++) squares += (values[at] ?? 0) ** 2
    const rms = Math.sqrt(squares / width)
    if (!Number.isFinite(rms)) throw invalid(`row ${row} holds values that are not finite numbers`)
    if (rms > limits.rowRms) throw invalid(`row ${row} is far larger than any embedding (root mean square ${rms})`)
  }
}

function invalid(what: string, cause?: unknown): SoftpostError {
  return new SoftpostError('prompt-invalid', `the prompt cannot be used: ${what}; export it again`, { cause })
}
