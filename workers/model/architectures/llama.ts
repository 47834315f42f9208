/** Llama and Qwen2 (HF `LlamaForCausalLM`, `Qwen2ForCausalLM`, eval mode): one family, Qwen2 with biases on q, k, v. */
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
import { RopeJson, ropeSpec } from './rope.ts'

/** The part of a `config.json` (HF `LlamaConfig`, `Qwen2Config`) that changes numbers; the rest is ignored. */
const LlamaJson = z.object({
  num_hidden_layers: positive,
  hidden_size: positive,
  intermediate_size: positive,
  num_attention_heads: positive,
  num_key_value_heads: z.optional(z.nullable(positive)),
  head_dim: z.optional(z.nullable(positive)),
  vocab_size: positive,
  max_position_embeddings: positive,
  rms_norm_eps: z._default(eps, 1e-6),
  hidden_act: z._default(z.string(), 'silu'),
  attention_bias: z._default(z.boolean(), false),
  mlp_bias: z._default(z.boolean(), false),
  tie_word_embeddings: z._default(z.boolean(), false),
  use_sliding_window: z._default(z.boolean(), false),
  sliding_window: z.optional(z.nullable(positive)),
  ...RopeJson,
})
type Config = z.infer<typeof LlamaJson>

export const LLAMA: Architecture = {
  type: 'llama',
  prefix: 'model.',
  blueprint: (json) => {
    const config = parseConfig('llama', LlamaJson, json)
    const { attention_bias: bias } = config
    return blueprint('llama', { ...config, use_sliding_window: false }, { qkv: bias, out: bias, mlp: config.mlp_bias })
  },
}

export const QWEN2: Architecture = {
  type: 'qwen2',
  prefix: 'model.',
  blueprint: (json) => blueprint('qwen2', parseConfig('qwen2', LlamaJson, json), { qkv: true, out: false, mlp: false }),
}

type Biases = { readonly qkv: boolean; readonly out: boolean; readonly mlp: boolean }

function blueprint(type: string, config: Config, biases: Biases): Blueprint {
  const { hidden_size: width, num_attention_heads: heads, max_position_embeddings: positions } = config
  const keyHeads = config.num_key_value_heads ?? heads
  if (config.hidden_act !== 'silu') refuse(type, 'hidden_act', config.hidden_act)
  if (heads % keyHeads !== 0) refuse(type, 'num_key_value_heads', keyHeads)
  const headWidth = config.head_dim ?? width / heads
  if (headWidth % 2 !== 0) refuse(type, 'head_dim', headWidth)
  const norm = (name: string): NormSpec => ({ kind: 'rms', name, eps: config.rms_norm_eps })
  const tokens = 'model.embed_tokens.weight'
  // As long as the window holds the whole text, it changes nothing.
  const window = config.use_sliding_window ? (config.sliding_window ?? positions) : positions
  const sizes = { width, heads, keyHeads, headWidth, inner: config.intermediate_size, biases, norm }
  return {
    architecture: type,
    kind: 'causal',
    width,
    heads,
    keyHeads,
    headWidth,
    vocabulary: config.vocab_size,
    contextLength: Math.min(positions, window),
    order: 'pre',
    rope: ropeSpec(type, config, headWidth),
    embeddings: { tokens, positions: null, types: null, norm: null },
    layers: Array.from({ length: config.num_hidden_layers }, (_, layer) => layerSpec(`model.layers.${layer}`, sizes)),
    finalNorm: norm('model.norm'),
    head: { transform: null, tokens: config.tie_word_embeddings ? tokens : 'lm_head.weight', bias: null },
  }
}

function layerSpec(
  at: string,
  sizes: Pick<Blueprint, 'width' | 'heads' | 'keyHeads' | 'headWidth'> & {
    readonly inner: number
    readonly biases: Biases
    readonly norm: (name: string) => NormSpec
  },
): LayerSpec {
  const { width, heads, keyHeads, headWidth, inner, biases, norm } = sizes
  const [d, e] = [heads * headWidth, keyHeads * headWidth]
  const part = (name: string, outputs: number, bias: boolean): MapPart => ({
    name: `${at}.${name}`,
    bias,
    inputsFirst: false,
    outputs,
  })
  return {
    norm1: norm(`${at}.input_layernorm`),
    q: { ...mapOf(width, part('self_attn.q_proj', d, biases.qkv)), scale: 1 / Math.sqrt(headWidth) },
    kv: mapOf(width, part('self_attn.k_proj', e, biases.qkv), part('self_attn.v_proj', e, biases.qkv)),
    out: mapOf(d, part('self_attn.o_proj', width, biases.out)),
    norm2: norm(`${at}.post_attention_layernorm`),
    activation: 'gated-silu',
    up: mapOf(width, part('mlp.gate_proj', inner, biases.mlp), part('mlp.up_proj', inner, biases.mlp)),
    down: mapOf(inner, part('mlp.down_proj', width, biases.mlp)),
  }
}
