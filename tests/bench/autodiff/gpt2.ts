/**
 * GPT-2 (HF `GPT2LMHeadModel`) as one would first write it with stock tfjs ops and automatic differentiation: every
 * text with its own copy of the prompt, all layers at all positions, the whole vocabulary at the read position.
 */
import {
  add,
  concat,
  gather,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  split,
  square,
  sub,
  sum,
  mean,
  rsqrt,
  tanh,
  tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  transpose,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core'
import { gpt2Config, type Gpt2Config } from '../../../workers/model/gpt2/config.ts'
import { readModelParts } from '../../../workers/model/load.ts'
import { causalMask } from '../../../workers/runtime/kernels/attention/masks.ts'
import type { TokenBatch } from '../../../workers/model/types.ts'
import type { ModelFile } from '../../../workers/protocol/tuner.ts'

type Affine = { readonly weight: Tensor; readonly bias: Tensor1D }
type Block = Record<'norm1' | 'qkv' | 'out' | 'norm2' | 'up' | 'down', Affine>

export class AutodiffGpt2 {
  readonly config: Gpt2Config
  readonly #tokens: Tensor2D
  readonly #positions: Tensor2D
  readonly #blocks: readonly Block[]
  readonly #final: Affine

  constructor(files: readonly ModelFile[]) {
    const parts = readModelParts(files)
    this.config = gpt2Config(parts.config)
    const { width: d, layers, vocabulary, contextLength } = this.config
    const affine = (name: string, shape: readonly number[]): Affine => ({
      weight: tensor(parts.source.take(`${name}.weight`, shape), [...shape]),
      bias: tensor1d(parts.source.take(`${name}.bias`, shape.slice(-1))),
    })
    this.#tokens = tensor2d(parts.source.take('wte.weight', [vocabulary, d]), [vocabulary, d])
    this.#positions = tensor2d(parts.source.take('wpe.weight', [contextLength, d]), [contextLength, d])
    this.#blocks = Array.from({ length: layers }, (_, layer) => ({
      norm1: affine(`h.${layer}.ln_1`, [d]),
      qkv: affine(`h.${layer}.attn.c_attn`, [d, 3 * d]),
      out: affine(`h.${layer}.attn.c_proj`, [d, d]),
      norm2: affine(`h.${layer}.ln_2`, [d]),
      up: affine(`h.${layer}.mlp.c_fc`, [d, 4 * d]),
      down: affine(`h.${layer}.mlp.c_proj`, [4 * d, d]),
    }))
    this.#final = affine('ln_f', [d])
  }

  /** Raw logits `[m, V]` at the read positions of texts behind their prompts `[m, P, d]`. */
  logits(prompts: Tensor3D, { ids, size, length, read }: TokenBatch): Tensor2D {
    const { width } = this.config
    const rows = prompts.shape[1]
    const total = rows + length
    const texts: Tensor3D = reshape(gather(this.#tokens, tensor1d(ids, 'int32')), [size, length, width])
    let x: Tensor3D = add(concat([prompts, texts], 1), slice(this.#positions, [0, 0], [total, width]))
    const mask = tensor2d(causalMask(total, 0), [total, total])
    for (const block of this.#blocks) {
      x = add(x, this.#attention(this.#norm(x, block.norm1), block, mask))
      const hidden = gelu(linear(this.#norm(x, block.norm2), block.up))
      x = add(x, linear(hidden, block.down))
    }
    const chosen = new Float32Array(size * total)
    for (const [row, position] of read.entries()) chosen[row * total + rows + position] = 1
    const hidden: Tensor2D = sum(mul(this.#norm(x, this.#final), tensor3d(chosen, [size, total, 1])), 1)
    return matMul(hidden, this.#tokens, false, true)
  }

  #norm(x: Tensor3D, { weight, bias }: Affine): Tensor3D {
    const centred = sub(x, mean(x, -1, true))
    const normed = mul(centred, rsqrt(add(mean(square(centred), -1, true), this.config.eps)))
    return add(mul(normed, weight), bias)
  }

  #attention(x: Tensor3D, { qkv, out }: Block, mask: Tensor2D): Tensor3D {
    const { heads, width } = this.config
    const [size, length] = x.shape
    const perHead = (part: Tensor3D): Tensor4D =>
      transpose(reshape(part, [size, length, heads, width / heads]), [0, 2, 1, 3])
    const [q, k, v] = split<Tensor3D>(linear(x, qkv), 3, -1)
    if (!q || !k || !v) throw new Error('attention: three parts were expected')
    const scores = mul(matMul(perHead(q), perHead(k), false, true), 1 / Math.sqrt(width / heads))
    const mixed: Tensor4D = matMul(softmax(add(scores, mask)), perHead(v))
    return linear(reshape(transpose(mixed, [0, 2, 1, 3]), [size, length, width]), out)
  }
}

function linear(x: Tensor3D, { weight, bias }: Affine): Tensor3D {
  const [size, length, width] = x.shape
  const rows: Tensor2D = reshape(x, [size * length, width])
  const y: Tensor2D = add(matMul(rows, weight as Tensor2D), bias)
  return reshape(y, [size, length, y.shape[1]])
}

function gelu(x: Tensor3D): Tensor3D {
  const inner = mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI))
  return mul(mul(x, 0.5), add(tanh(inner), 1))
}
