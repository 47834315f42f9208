/** GPT-2 small's shape with random weights: what its speed is needs no training. */
import { fromFloat32, writeSafetensors, type TensorView } from '../../workers/model/safetensors.ts'
import type { ModelFile } from '../../workers/protocol/tuner.ts'
import { numbers } from './inputs.ts'

/** HF `gpt2`. */
const CONFIG = {
  model_type: 'gpt2',
  n_layer: 12,
  n_embd: 768,
  n_head: 12,
  vocab_size: 50_257,
  n_positions: 1_024,
  layer_norm_epsilon: 1e-5,
  activation_function: 'gelu_new',
}

/** By name; each is the shape above with fewer layers. */
export const RANDOM_MODELS: Readonly<Record<string, number>> = { 'random-gpt2-small': 12, 'random-gpt2-small-2': 2 }

export function randomModel(layers: number): ModelFile[] {
  const { n_embd: d, vocab_size: vocabulary, n_positions: positions } = CONFIG
  const next = numbers()
  const tensors = new Map<string, TensorView>()
  const put = (name: string, shape: readonly number[], value: () => number): void => {
    const size = shape.reduce((product, length) => product * length, 1)
    tensors.set(`transformer.${name}`, fromFloat32(Float32Array.from({ length: size }, value), shape, 'F32'))
  }
  const small = () => 0.07 * (next() - 0.5)
  const affine = (name: string, shape: readonly number[], weight: () => number): void => {
    put(`${name}.weight`, shape, weight)
    put(`${name}.bias`, shape.slice(-1), () => 0)
  }
  put('wte.weight', [vocabulary, d], small)
  put('wpe.weight', [positions, d], small)
  for (let layer = 0; layer < layers; layer++) {
    const at = `h.${layer}`
    affine(`${at}.ln_1`, [d], () => 1)
    affine(`${at}.attn.c_attn`, [d, 3 * d], small)
    affine(`${at}.attn.c_proj`, [d, d], small)
    affine(`${at}.ln_2`, [d], () => 1)
    affine(`${at}.mlp.c_fc`, [d, 4 * d], small)
    affine(`${at}.mlp.c_proj`, [4 * d, d], small)
  }
  affine('ln_f', [d], () => 1)
  const config = new TextEncoder().encode(JSON.stringify({ ...CONFIG, n_layer: layers }))
  return [
    { name: 'config.json', bytes: config },
    { name: 'model.safetensors', bytes: writeSafetensors(tensors) },
  ]
}
