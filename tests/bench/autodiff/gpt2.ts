/**
 * GPT-2 (HF `GPT2LMHeadModel`) as one would first write it with stock tfjs ops and automatic differentiation: every
 * text with its own copy of the prompt, all layers at all positions, the whole vocabulary at the read position. Or, to
 * see what that idea alone is worth, with the last layer at the read position and no more of the vocabulary than asked.
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
import { readModelParts } from '../../../workers/model/load.ts'
import { causalMask } from '../../../workers/runtime/kernels/attention/masks.ts'
import type { ModelShape, TokenBatch } from '../../../workers/model/types.ts'
import type { ModelFile } from '../../../workers/protocol/tuner.ts'

/** HF's default, which the models compared have. */
const EPS = 1e-5

type Affine = { readonly weight: Tensor; readonly bias: Tensor1D }
type Block = Record<'norm1' | 'qkv' | 'out' | 'norm2' | 'up' | 'down', Affine>

export class AutodiffGpt2 {
  readonly config: Pick<ModelShape, 'width' | 'heads' | 'layers' | 'vocabulary' | 'contextLength'>
  readonly #tokens: Tensor2D
  readonly #positions: Tensor2D
  readonly #blocks: readonly Block[]
  readonly #final: Affine
  readonly #readAlone: boolean

  /** @param readAlone whether the last layer works at the read position alone. */
  constructor(files: readonly ModelFile[], { readAlone }: { readonly readAlone: boolean }) {
    this.#readAlone = readAlone
    const { blueprint, source } = readModelParts(files)
    this.config = { ...blueprint, layers: blueprint.layers.length }
    const { width: d, layers, vocabulary, contextLength } = this.config
    const affine = (name: string, shape: readonly number[]): Affine => ({
      weight: tensor(source.take(`transformer.${name}.weight`, shape), [...shape]),
      bias: tensor1d(source.take(`transformer.${name}.bias`, shape.slice(-1))),
    })
    this.#tokens = tensor2d(source.take('transformer.wte.weight', [vocabulary, d]), [vocabulary, d])
    this.#positions = tensor2d(source.take('transformer.wpe.weight', [contextLength, d]), [contextLength, d])
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

  /** Final hidden states `[m, d]` at the read positions of texts behind their prompts `[m, P, d]`. */
  hidden(prompts: Tensor3D, { ids, size, length, read }: TokenBatch): Tensor2D {
    const { width } = this.config
    const rows = prompts.shape[1]
    const total = rows + length
    const texts: Tensor3D = reshape(gather(this.#tokens, tensor1d(ids, 'int32')), [size, length, width])
    const chosen = new Float32Array(size * total)
    for (const [row, position] of read.entries()) chosen[row * total + rows + position] = 1
    // A product selects: a gather's gradient is not to be had on WASM.
    const atRead = (x: Tensor3D): Tensor3D => matMul(tensor3d(chosen, [size, 1, total]), x)
    let x: Tensor3D = add(concat([prompts, texts], 1), slice(this.#positions, [0, 0], [total, width]))
    const mask = tensor2d(causalMask(total, 0), [total, total])
    for (const [layer, block] of this.#blocks.entries()) {
      const normed = this.#norm(x, block.norm1)
      if (this.#readAlone && layer === this.#blocks.length - 1) {
        // Behind a read position is padding alone, which these texts, all of one length, do not have.
        x = add(atRead(x), this.#attention(atRead(normed), normed, block, null))
      } else {
        x = add(x, this.#attention(normed, normed, block, mask))
      }
      const hidden = gelu(linear(this.#norm(x, block.norm2), block.up))
      x = add(x, linear(hidden, block.down))
    }
    const final = this.#norm(this.#readAlone ? x : atRead(x), this.#final)
    return reshape(final, [size, width])
  }

  /** Raw logits `[m, V]` of hidden states. */
  logits(hidden: Tensor2D): Tensor2D {
    return matMul(hidden, this.#tokens, false, true)
  }

  /** The output embedding's columns for some tokens, `[d, n]`. */
  columns(tokens: readonly number[]): Tensor2D {
    return transpose(gather(this.#tokens, tensor1d([...tokens], 'int32')))
  }

  #keysOf(x: Tensor3D, qkv: Affine): Tensor3D[] {
    const { width } = this.config
    return split<Tensor3D>(linear(x, part(qkv, width, 2 * width)), 2, -1)
  }

  #norm(x: Tensor3D, { weight, bias }: Affine): Tensor3D {
    const centred = sub(x, mean(x, -1, true))
    const normed = mul(centred, rsqrt(add(mean(square(centred), -1, true), EPS)))
    return add(mul(normed, weight), bias)
  }

  /** What the rows `[m, n, d]` see of `all` `[m, T, d]`. */
  #attention(rows: Tensor3D, all: Tensor3D, { qkv, out }: Block, mask: Tensor2D | null): Tensor3D {
    const { heads, width } = this.config
    const [size, asking] = rows.shape
    const perHead = (part: Tensor3D): Tensor4D =>
      transpose(reshape(part, [size, part.shape[1], heads, width / heads]), [0, 2, 1, 3])
    const [q, k, v] =
      rows === all
        ? split<Tensor3D>(linear(all, qkv), 3, -1)
        : [linear(rows, part(qkv, 0, width)), ...this.#keysOf(all, qkv)]
    if (!q || !k || !v) throw new Error('attention: three parts were expected')
    const scores: Tensor4D = mul(matMul(perHead(q), perHead(k), false, true), 1 / Math.sqrt(width / heads))
    const mixed: Tensor4D = matMul(softmax(mask ? add(scores, mask) : scores), perHead(v))
    return linear(reshape(transpose(mixed, [0, 2, 1, 3]), [size, asking, width]), out)
  }
}

/** Some of a map's outputs. */
function part({ weight, bias }: Affine, start: number, size: number): Affine {
  return { weight: slice(weight, [0, start], [-1, size]), bias: slice(bias, [start], [size]) }
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
