/** GPT-2 (HF `GPT2LMHeadModel`, eval mode) as the {@link LanguageModel} that tuning and transfer use. */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import {
  createLinear,
  disposeLinear,
  linear,
  linearBackward,
  transposed,
  type Linear,
} from '../../runtime/kernels/linear/linear.ts'
import { keepAll } from '../../runtime/tensors.ts'
import type { LanguageModel, MeanHead, ModelShape, Prefix, PrefixGradient, ReadPass, TokenBatch } from '../types.ts'
import { meanOfRows, rowsOf } from '../embeddings.ts'
import type { WeightSource } from '../weightSource.ts'
import { gpt2Config, type Gpt2Config } from './config.ts'
import { Gpt2Prefix, gpt2Prefix, gpt2PrefixBackward } from './prefix.ts'
import { gpt2Read } from './read.ts'
import { disposeGpt2Weights, gpt2Weights, type Gpt2Weights } from './weights.ts'

export class Gpt2Model implements LanguageModel {
  readonly shape: ModelShape
  readonly #config: Gpt2Config
  readonly #weights: Gpt2Weights
  /** Made when first asked for: tuning never needs the whole vocabulary. */
  #head: Linear | null = null

  /** @throws SoftpostError `model-unknown`, `model-tensor`. */
  constructor(config: unknown, source: WeightSource) {
    this.#config = gpt2Config(config)
    this.#weights = gpt2Weights(this.#config, source)
    const { layers, width, heads, vocabulary, contextLength } = this.#config
    const { parameters } = this.#weights
    this.shape = { architecture: 'gpt2', layers, width, heads, vocabulary, contextLength, parameters }
  }

  embed(ids: readonly number[]): Float32Array<ArrayBuffer> {
    return rowsOf(this.#weights.tokens, this.#config.width, ids)
  }

  meanHead(tokens: readonly (readonly number[])[]): MeanHead {
    const rows = meanOfRows(this.#weights.unembedding, this.#config.width, tokens)
    return { weights: transposed(rows, tokens.length, this.#config.width), bias: null }
  }

  logits(hidden: Tensor2D): Tensor2D {
    return linear(hidden, this.#fullHead())
  }

  logitsBackward(dLogits: Tensor2D): Tensor2D {
    return linearBackward(dLogits, this.#fullHead())
  }

  prefix(prompt: Float32Array, rows: number): Prefix {
    return gpt2Prefix(this.#config, this.#weights, prompt, rows)
  }

  read(batch: TokenBatch, prefix: Prefix | null): ReadPass {
    return gpt2Read(this.#config, this.#weights, batch, prefix && own(prefix))
  }

  prefixBackward(prefix: Prefix, gradient: PrefixGradient): Tensor3D {
    return gpt2PrefixBackward(this.#config, this.#weights, own(prefix), gradient)
  }

  dispose(): void {
    disposeGpt2Weights(this.#weights)
    if (this.#head) disposeLinear(this.#head)
  }

  #fullHead(): Linear {
    const { width, vocabulary } = this.#config
    const { unembedding } = this.#weights
    // Kept: it may be asked for inside a `tidy` and lives as long as the model.
    this.#head ??= keepAll(
      createLinear({
        weight: transposed(unembedding, vocabulary, width),
        shape: [width, vocabulary],
        bias: null,
        format: 'f32',
      }),
    )
    return this.#head
  }
}

function own(prefix: Prefix): Gpt2Prefix {
  if (!(prefix instanceof Gpt2Prefix)) throw new Error('the prefix was made by another model')
  return prefix
}
