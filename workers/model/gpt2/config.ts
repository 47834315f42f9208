import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'

const positive = z.int().check(z.positive())

/** The part of a GPT-2 `config.json` (HF `GPT2Config`) that changes numbers; the rest is ignored. */
const Gpt2Json = z.object({
  n_layer: positive,
  n_embd: positive,
  n_head: positive,
  vocab_size: positive,
  n_positions: positive,
  layer_norm_epsilon: z._default(z.number().check(z.positive()), 1e-5),
  activation_function: z._default(z.string(), 'gelu_new'),
  scale_attn_weights: z._default(z.boolean(), true),
  scale_attn_by_inverse_layer_idx: z._default(z.boolean(), false),
  tie_word_embeddings: z._default(z.boolean(), true),
})

export type Gpt2Config = {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly vocabulary: number
  readonly contextLength: number
  readonly eps: number
  readonly tied: boolean
}

/** @throws SoftpostError `model-unknown` for a variant whose numbers we do not reproduce. */
export function gpt2Config(json: unknown): Gpt2Config {
  const parsed = Gpt2Json.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new SoftpostError(
      'model-unknown',
      `config.json: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not a GPT-2 configuration'}; use the config.json that came with the weights`,
    )
  }
  const config = parsed.data
  if (config.activation_function !== 'gelu_new') refuse('activation_function', config.activation_function)
  if (!config.scale_attn_weights) refuse('scale_attn_weights', false)
  if (config.scale_attn_by_inverse_layer_idx) refuse('scale_attn_by_inverse_layer_idx', true)
  if (config.n_embd % config.n_head !== 0) refuse('n_head', config.n_head)
  return {
    layers: config.n_layer,
    width: config.n_embd,
    heads: config.n_head,
    vocabulary: config.vocab_size,
    contextLength: config.n_positions,
    eps: config.layer_norm_epsilon,
    tied: config.tie_word_embeddings,
  }
}

function refuse(field: string, value: unknown): never {
  throw new SoftpostError('model-unknown', `config.json: ${field} ${String(value)} is not supported for gpt2`)
}
