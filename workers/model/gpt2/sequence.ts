/**
 * GPT-2 over whole sequences, every token an output, with the gradient of every weight: what distillation needs, and
 * prompt tuning does not (see read.ts for that).
 */
import { add, matMul, mul, tensor2d, tensor4d, transpose, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import {
  attention,
  attentionBackward,
  mergeHeads,
  splitHeads,
  type AttentionSaved,
} from '../../runtime/kernels/attention/attention.ts'
import { gelu, geluSlope, type GeluSaved } from '../../runtime/kernels/gelu/gelu.ts'
import {
  layerNorm,
  layerNormBackward,
  layerNormWeightGradient,
  type LayerNorm,
  type LayerNormSaved,
} from '../../runtime/kernels/layerNorm/layerNorm.ts'
import {
  linear,
  linearBackward,
  linearResidual,
  linearWeightGradient,
  type Linear,
} from '../../runtime/kernels/linear/linear.ts'
import { disposeAll } from '../../runtime/tensors.ts'
import { causalMask } from '../../runtime/kernels/attention/masks.ts'
import type { TokenBatch } from '../types.ts'
import type { Gpt2Config } from './config.ts'
import { mergeParts, splitParts } from '../../runtime/kernels/attention/parts.ts'
import { TOKEN_EMBEDDINGS, type ParameterSlot } from './parameters.ts'
import { sequenceWeights, type SequenceWeights } from './sequenceWeights.ts'

type SavedBlock = {
  readonly norm1: Normed
  readonly attention: AttentionSaved
  readonly merged: Tensor2D
  readonly norm2: Normed
  readonly hidden: { readonly y: Tensor2D; readonly saved: GeluSaved }
}

type Normed = { readonly y: Tensor2D; readonly saved: LayerNormSaved }

export type SequenceGradient = {
  /** By parameter; of the token embeddings their part as the head alone. */
  readonly weights: Readonly<Record<string, Tensor>>
  /** Of the sum of token and position embeddings, `[m·T, d]`. */
  readonly input: Tensor2D
}

export type SequencePass = {
  /** After the last norm, `[m·T, d]`. */
  readonly hidden: Tensor2D
  /** `[m·T, V]`. */
  readonly logits: Tensor2D
  /**
   * To be called inside the `tidy` of the pass. `dHidden` comes on top of what flows through the logits.
   * `head`: whether the gradient of the head is wanted too.
   */
  backward(dLogits: Tensor2D | null, dHidden: Tensor2D | null, head: boolean): SequenceGradient
}

export class Gpt2Sequence {
  readonly #config: Gpt2Config
  readonly #weights: SequenceWeights
  readonly #ownsHead: boolean

  /**
   * `values` is the vector that `slots` describe; it must not change while this lives.
   * `head` is that of a model with the same token embeddings; it then remains the other's.
   */
  constructor(config: Gpt2Config, slots: readonly ParameterSlot[], values: Float32Array, head: Linear | null = null) {
    this.#config = config
    this.#weights = sequenceWeights(config, { slots, values }, head)
    this.#ownsHead = head === null
  }

  get head(): Linear {
    return this.#weights.head
  }

  /** To be called inside a `tidy`. */
  forward(batch: TokenBatch): SequencePass {
    const { heads, width } = this.#config
    const shape = { heads, size: batch.size, length: batch.length }
    const mask = tensor4d(causalMask(batch.length, 0), [1, 1, batch.length, batch.length])
    const scale = 1 / Math.sqrt(width / heads)
    const saved: SavedBlock[] = []
    let x = this.#embed(batch)
    for (const block of this.#weights.blocks) {
      const norm1 = layerNorm(x, block.norm1)
      const [q, k, v] = splitParts(linear(norm1.y, block.qkv), 3, shape)
      if (!q || !k || !v) throw new Error('gpt2Sequence: three parts expected')
      const mixed = attention({ q: mul(q, scale), k, v, prefix: null, mask })
      const merged = mergeHeads(mixed.out)
      const middle = linearResidual(x, merged, block.out)
      const norm2 = layerNorm(middle, block.norm2)
      const hidden = gelu(linear(norm2.y, block.up))
      x = linearResidual(middle, hidden.y, block.down)
      saved.push({ norm1, attention: mixed.saved, merged, norm2, hidden })
    }
    const final = layerNorm(x, this.#weights.finalNorm)
    return {
      hidden: final.y,
      logits: linear(final.y, this.#weights.head),
      backward: (dLogits, dHidden, head) => {
        const arriving = [dHidden, dLogits && linearBackward(dLogits, this.#weights.head)].filter(
          (part) => part !== null,
        )
        const dFinal = arriving.reduce((a, b) => add<Tensor2D>(a, b))
        const back = this.#backward({ saved, final, shape, scale }, dFinal)
        if (head && dLogits) back.weights[TOKEN_EMBEDDINGS] = matMul(transpose(dLogits), final.y)
        return back
      },
    }
  }

  dispose(): void {
    disposeAll([this.#weights.blocks, this.#weights.finalNorm])
    if (this.#ownsHead) disposeAll(this.#weights.head)
  }

  #backward(
    pass: {
      readonly saved: readonly SavedBlock[]
      readonly final: Normed
      readonly shape: { readonly heads: number; readonly size: number; readonly length: number }
      readonly scale: number
    },
    dFinal: Tensor2D,
  ): { readonly weights: Record<string, Tensor>; readonly input: Tensor2D } {
    const weights: Record<string, Tensor> = {}
    const norm = (name: string, dy: Tensor2D, { saved }: Normed, layer: LayerNorm): void => {
      const { gain, bias } = layerNormWeightGradient(dy, saved, layer)
      Object.assign(weights, { [`${name}.weight`]: gain, [`${name}.bias`]: bias })
    }
    const map = (name: string, x: Tensor2D, dy: Tensor2D): void => {
      const { w, b } = linearWeightGradient(x, dy)
      Object.assign(weights, { [`${name}.weight`]: w, [`${name}.bias`]: b })
    }
    norm('ln_f', dFinal, pass.final, this.#weights.finalNorm)
    let dx = layerNormBackward(dFinal, pass.final.saved, this.#weights.finalNorm)
    for (let layer = this.#weights.blocks.length - 1; layer >= 0; layer--) {
      const [block, saved, at] = [this.#weights.blocks[layer], pass.saved[layer], `h.${layer}`]
      if (!block || !saved) throw new Error(`gpt2Sequence: layer ${layer} was not saved`)
      map(`${at}.mlp.c_proj`, saved.hidden.y, dx)
      const dUp = mul<Tensor2D>(linearBackward(dx, block.down), geluSlope(saved.hidden.saved))
      map(`${at}.mlp.c_fc`, saved.norm2.y, dUp)
      const dNorm2 = linearBackward(dUp, block.up)
      norm(`${at}.ln_2`, dNorm2, saved.norm2, block.norm2)
      const dMiddle = add<Tensor2D>(layerNormBackward(dNorm2, saved.norm2.saved, block.norm2), dx)
      map(`${at}.attn.c_proj`, saved.merged, dMiddle)
      const dMixed = splitHeads(linearBackward(dMiddle, block.out), pass.shape)
      const { own } = attentionBackward(dMixed, saved.attention, 'all')
      if (!own) throw new Error('gpt2Sequence: gradients of the own tokens expected')
      const dQkv = mergeParts([mul(own.q, pass.scale), own.k, own.v])
      map(`${at}.attn.c_attn`, saved.norm1.y, dQkv)
      const dNorm1 = linearBackward(dQkv, block.qkv)
      norm(`${at}.ln_1`, dNorm1, saved.norm1, block.norm1)
      dx = add<Tensor2D>(layerNormBackward(dNorm1, saved.norm1.saved, block.norm1), dMiddle)
    }
    return { weights, input: dx }
  }

  /** Token and position embeddings, `[m·T, d]`. */
  #embed({ ids, size, length }: TokenBatch): Tensor2D {
    const { width } = this.#config
    const { tokens, positions } = this.#weights
    const values = new Float32Array(size * length * width)
    for (let row = 0; row < size * length; row++) {
      const token = (ids[row] ?? 0) * width
      const position = (row % length) * width
      for (let at = 0; at < width; at++) {
        values[row * width + at] = (tokens[token + at] ?? 0) + (positions[position + at] ?? 0)
      }
    }
    return tensor2d(values, [size * length, width])
  }
}
