/** Shapes that people use with random weights: what speed and memory are needs no training. */
import { fromFloat32, writeSafetensors, type TensorView } from '../../workers/model/safetensors.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'
import { numbers } from './inputs.ts'

/** HF `gpt2`. */
const GPT2_SMALL = {
  model_type: 'gpt2',
  n_layer: 12,
  n_embd: 768,
  n_head: 12,
  vocab_size: 50_257,
  n_positions: 1_024,
  layer_norm_epsilon: 1e-5,
  activation_function: 'gelu_new',
}

/** HF `HuggingFaceTB/SmolLM-135M`. */
const SMOLLM_135M = {
  model_type: 'llama',
  hidden_size: 576,
  intermediate_size: 1_536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  vocab_size: 49_152,
  max_position_embeddings: 2_048,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  hidden_act: 'silu',
  tie_word_embeddings: true,
}

type Writer = {
  /** A tensor of small random values. */
  readonly weight: (name: string, shape: readonly number[]) => void
  readonly constant: (name: string, shape: readonly number[], value: number) => void
}

/** By name. */
export const RANDOM_MODELS: Readonly<Record<string, () => ModelFile[]>> = {
  'random-gpt2-small': () => gpt2(GPT2_SMALL.n_layer),
  'random-gpt2-small-2': () => gpt2(2),
  'random-smollm-135m': smollm,
}

function gpt2(layers: number): ModelFile[] {
  const { n_embd: d, vocab_size: vocabulary, n_positions: positions } = GPT2_SMALL
  return filesOf({ ...GPT2_SMALL, n_layer: layers }, ({ weight, constant }) => {
    const norm = (name: string): void => {
      constant(`transformer.${name}.weight`, [d], 1)
      constant(`transformer.${name}.bias`, [d], 0)
    }
    const affine = (name: string, rows: number, columns: number): void => {
      weight(`transformer.${name}.weight`, [rows, columns])
      constant(`transformer.${name}.bias`, [columns], 0)
    }
    weight('transformer.wte.weight', [vocabulary, d])
    weight('transformer.wpe.weight', [positions, d])
    for (let layer = 0; layer < layers; layer++) {
      const at = `h.${layer}`
      norm(`${at}.ln_1`)
      affine(`${at}.attn.c_attn`, d, 3 * d)
      affine(`${at}.attn.c_proj`, d, d)
      norm(`${at}.ln_2`)
      affine(`${at}.mlp.c_fc`, d, 4 * d)
      affine(`${at}.mlp.c_proj`, 4 * d, d)
    }
    norm('ln_f')
  })
}

function smollm(): ModelFile[] {
  const { hidden_size: d, intermediate_size: inner, num_hidden_layers: layers, vocab_size: vocabulary } = SMOLLM_135M
  const shared = (d / SMOLLM_135M.num_attention_heads) * SMOLLM_135M.num_key_value_heads
  return filesOf(SMOLLM_135M, ({ weight, constant }) => {
    weight('model.embed_tokens.weight', [vocabulary, d])
    for (let layer = 0; layer < layers; layer++) {
      const at = `model.layers.${layer}`
      constant(`${at}.input_layernorm.weight`, [d], 1)
      weight(`${at}.self_attn.q_proj.weight`, [d, d])
      weight(`${at}.self_attn.k_proj.weight`, [shared, d])
      weight(`${at}.self_attn.v_proj.weight`, [shared, d])
      weight(`${at}.self_attn.o_proj.weight`, [d, d])
      constant(`${at}.post_attention_layernorm.weight`, [d], 1)
      weight(`${at}.mlp.gate_proj.weight`, [inner, d])
      weight(`${at}.mlp.up_proj.weight`, [inner, d])
      weight(`${at}.mlp.down_proj.weight`, [d, inner])
    }
    constant('model.norm.weight', [d], 1)
  })
}

function filesOf(config: object, write: (writer: Writer) => void): ModelFile[] {
  const next = numbers()
  const tensors = new Map<string, TensorView>()
  const put = (name: string, shape: readonly number[], value: () => number): void => {
    const size = shape.reduce((product, length) => product * length, 1)
    tensors.set(name, fromFloat32(Float32Array.from({ length: size }, value), shape, 'F32'))
  }
  write({
    weight: (name, shape) => put(name, shape, () => 0.07 * (next() - 0.5)),
    constant: (name, shape, value) => put(name, shape, () => value),
  })
  return [
    { name: 'config.json', bytes: new TextEncoder().encode(JSON.stringify(config)) },
    { name: 'model.safetensors', bytes: writeSafetensors(tensors) },
  ]
}
