/** GPT-2 (HF `GPT2LMHeadModel`, eval mode). */
import * as z from 'zod/mini'
import {
  mapOf,
  type Architecture,
  type Blueprint,
  type LayerSpec,
  type MapPart,
  type NormSpec,
} from '../transformer/blueprint.ts'
import { eps, parseConfig, positive, refuse } from './config.ts'

const TYPE = 'gpt2'

/** The part of a `config.json` (HF `GPT2Config`) that changes numbers; the rest is ignored. */
const Gpt2Json = z.object({
  n_layer: positive,
  n_embd: positive,
  n_head: positive,
  n_inner: z.optional(z.nullable(positive)),
  vocab_size: positive,
  n_positions: positive,
  layer_norm_epsilon: z._default(eps, 1e-5),
  activation_function: z._default(z.string(), 'gelu_new'),
  scale_attn_weights: z._default(z.boolean(), true),
  scale_attn_by_inverse_layer_idx: z._default(z.boolean(), false),
  tie_word_embeddings: z._default(z.boolean(), true),
})

export const GPT2: Architecture = { type: TYPE, prefix: 'transformer.', blueprint }

function blueprint(json: unknown): Blueprint {
  const config = parseConfig(TYPE, Gpt2Json, json)
  if (config.activation_function !== 'gelu_new') refuse(TYPE, 'activation_function', config.activation_function)
  if (!config.scale_attn_weights) refuse(TYPE, 'scale_attn_weights', false)
  if (config.scale_attn_by_inverse_layer_idx) refuse(TYPE, 'scale_attn_by_inverse_layer_idx', true)
  if (config.n_embd % config.n_head !== 0) refuse(TYPE, 'n_head', config.n_head)
  const { n_embd: width, n_head: heads, n_positions: contextLength } = config
  const norm = (name: string): NormSpec => ({ kind: 'layer', name, eps: config.layer_norm_epsilon })
  const tokens = 'transformer.wte.weight'
  return {
    architecture: TYPE,
    kind: 'causal',
    width,
    heads,
    keyHeads: heads,
    headWidth: width / heads,
    vocabulary: config.vocab_size,
    contextLength,
    order: 'pre',
    rope: null,
    embeddings: {
      tokens,
      positions: { name: 'transformer.wpe.weight', rows: contextLength, first: 0, padId: null },
      types: null,
      norm: null,
    },
    layers: Array.from({ length: config.n_layer }, (_, layer) =>
      layerSpec(`transformer.h.${layer}`, { width, heads, inner: config.n_inner ?? 4 * width, norm }),
    ),
    finalNorm: norm('transformer.ln_f'),
    head: { transform: null, tokens: config.tie_word_embeddings ? tokens : 'lm_head.weight', bias: null },
  }
}

function layerSpec(
  at: string,
  sizes: {
    readonly width: number
    readonly heads: number
    readonly inner: number
    readonly norm: (name: string) => NormSpec
  },
): LayerSpec {
  const { width: d, heads, inner, norm } = sizes
  // HF's Conv1D keeps weights as [in, out]; c_attn is q, k and v side by side.
  const part = (name: string, outputs: number): MapPart => ({
    name: `${at}.${name}`,
    bias: true,
    inputsFirst: true,
    outputs,
  })
  const attention = part('attn.c_attn', 3 * d)
  return {
    norm1: norm(`${at}.ln_1`),
    q: { ...mapOf(d, { ...attention, columns: { begin: 0, end: d } }), scale: 1 / Math.sqrt(d / heads) },
    kv: mapOf(d, { ...attention, columns: { begin: d, end: 3 * d } }),
    out: mapOf(d, part('attn.c_proj', d)),
    norm2: norm(`${at}.ln_2`),
    activation: 'gelu-tanh',
    up: mapOf(d, part('mlp.c_fc', inner)),
    down: mapOf(inner, part('mlp.c_proj', d)),
  }
}
