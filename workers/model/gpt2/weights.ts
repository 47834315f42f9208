import { tensor1d } from '@tensorflow/tfjs-core'
import { createLinear, disposeLinear, type Linear } from '../../runtime/kernels/linear/linear.ts'
import { disposeLayerNorm, type LayerNorm } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import type { WeightSource } from '../weightSource.ts'
import type { Gpt2Config } from './config.ts'

export type Gpt2Block = {
  readonly norm1: LayerNorm
  /** `[d, d]`; carries the factor 1/√hd of attention. Apart: the last layer needs Q at the read position only. */
  readonly q: Linear
  /** K and V side by side, `[d, 2d]`. */
  readonly kv: Linear
  readonly out: Linear
  readonly norm2: LayerNorm
  readonly up: Linear
  readonly down: Linear
}

export type Gpt2Weights = {
  /** `[V, d]`, on the CPU: lookups are by row. */
  readonly tokens: Float32Array
  /** `[contextLength, d]`, on the CPU. */
  readonly positions: Float32Array
  readonly unembedding: Float32Array
  readonly blocks: readonly Gpt2Block[]
  readonly finalNorm: LayerNorm
  readonly parameters: number
}

/** Reads the tensors by their HF names; HF's Conv1D keeps weights as `[in, out]`. */
export function gpt2Weights(config: Gpt2Config, source: WeightSource): Gpt2Weights {
  const { width: d, layers, vocabulary, contextLength } = config
  const norm = (name: string): LayerNorm => ({
    gain: tensor1d(source.take(`${name}.weight`, [d])),
    bias: tensor1d(source.take(`${name}.bias`, [d])),
    eps: config.eps,
  })
  const conv = (name: string, shape: readonly [number, number]): Linear =>
    createLinear({
      weight: source.take(`${name}.weight`, shape),
      shape,
      bias: source.take(`${name}.bias`, [shape[1]]),
      format: source.format,
    })
  // Attention divides scores by √hd; a constant on frozen weights is cheaper folded in once.
  const queryScale = 1 / Math.sqrt(d / config.heads)

  const tokens = source.take('wte.weight', [vocabulary, d])
  const positions = source.take('wpe.weight', [contextLength, d])
  const blocks = Array.from({ length: layers }, (_, layer): Gpt2Block => {
    const at = `h.${layer}`
    const weight = source.take(`${at}.attn.c_attn.weight`, [d, 3 * d])
    const bias = source.take(`${at}.attn.c_attn.bias`, [3 * d])
    const columns = (from: number, to: number, scale: number): Linear =>
      createLinear({
        weight: takeColumns(weight, { stride: 3 * d, from, to }),
        shape: [d, to - from],
        bias: bias.slice(from, to).map((value) => value * scale),
        format: source.format,
        outputScale: scale === 1 ? undefined : new Float32Array(to - from).fill(scale),
      })
    return {
      norm1: norm(`${at}.ln_1`),
      q: columns(0, d, queryScale),
      kv: columns(d, 3 * d, 1),
      out: conv(`${at}.attn.c_proj`, [d, d]),
      norm2: norm(`${at}.ln_2`),
      up: conv(`${at}.mlp.c_fc`, [d, 4 * d]),
      down: conv(`${at}.mlp.c_proj`, [4 * d, d]),
    }
  })
  const unembedding = config.tied ? tokens : source.takeFull('lm_head.weight', [vocabulary, d])
  return {
    tokens,
    positions,
    unembedding,
    blocks,
    finalNorm: norm('ln_f'),
    parameters: source.taken,
  }
}

export function disposeGpt2Weights(weights: Gpt2Weights): void {
  for (const block of weights.blocks) {
    for (const layer of [block.q, block.kv, block.out, block.up, block.down]) disposeLinear(layer)
    disposeLayerNorm(block.norm1)
    disposeLayerNorm(block.norm2)
  }
  disposeLayerNorm(weights.finalNorm)
}

function takeColumns(values: Float32Array, options: { stride: number; from: number; to: number }): Float32Array {
  const { stride, from, to } = options
  const rows = values.length / stride
  const width = to - from
  const out = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) out.set(values.subarray(row * stride + from, row * stride + to), row * width)
  return out
}
