/** A transformer of any architecture as the {@link LanguageModel} that tuning, transfer and classification use. */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { SoftpostError } from '../../protocol/errors.ts'
import { allColumns } from '../../runtime/columns.ts'
import { disposeLinear, linear, linearBackward, transposed, type Linear } from '../../runtime/kernels/linear/linear.ts'
import { hasMixedProducts } from '../../runtime/kernels/linear/packed.ts'
import { keepAll } from '../../runtime/tensors.ts'
import { meanOfRows, rowsOf } from '../embeddings.ts'
import type {
  LanguageModel,
  MeanHead,
  ModelShape,
  Prefix,
  PrefixGradient,
  ReadOn,
  ReadPass,
  ReadSoFar,
  TextPart,
  TokenBatch,
} from '../types.ts'
import type { Blueprint } from './blueprint.ts'
import { CausalPrefix, causalPrefix, causalPrefixBackward, causalRead } from './causal.ts'
import { MaskedPrefix, maskedPrefix, maskedPrefixBackward, maskedRead } from './masked.ts'
import { createHead } from './head.ts'
import { scaledPrefixBackward, scaledRead } from './lossScale.ts'
import { extendCache, KeyCache } from './keyCache.ts'
import { countParameters, parameterSlots } from './parameters.ts'
import type { Transformer } from './transformer.ts'
import { disposeWeights, readWeights, type TensorReader, type Weights } from './weights.ts'

export class TransformerModel implements LanguageModel {
  readonly shape: ModelShape
  readonly #model: Transformer
  /** Whether gradients go back through products in halves. */
  readonly #mixed: boolean
  /** Made when first asked for: tuning never needs the whole vocabulary. */
  #head: Linear | null = null

  /** @throws SoftpostError `model-tensor`. */
  constructor(blueprint: Blueprint, reader: TensorReader) {
    this.#model = { blueprint, weights: readWeights(blueprint, reader) }
    this.#mixed = hasMixedProducts(reader.format)
    const { architecture, layers, width, heads, vocabulary, contextLength } = blueprint
    const parameters = countParameters(parameterSlots(blueprint))
    this.shape = { architecture, layers: layers.length, width, heads, vocabulary, contextLength, parameters }
  }

  embed(ids: readonly number[]): Float32Array<ArrayBuffer> {
    return rowsOf(this.#weights.embeddings.tokens, this.shape.width, ids)
  }

  meanHead(tokens: readonly (readonly number[])[]): MeanHead {
    const { width } = this.shape
    const { head } = this.#weights
    return {
      weights: transposed(meanOfRows(head.tokens, width, tokens), tokens.length, width),
      bias: head.bias && meanOfRows(head.bias, 1, tokens),
    }
  }

  logits(hidden: Tensor2D): Tensor2D {
    return linear(allColumns(hidden), this.#fullHead())
  }

  logitsBackward(dLogits: Tensor2D): Tensor2D {
    return linearBackward(allColumns(dLogits), this.#fullHead())
  }

  prefix(prompt: Float32Array, rows: number): Prefix {
    return this.#isCausal ? causalPrefix(this.#model, prompt, rows) : maskedPrefix(this.#model, prompt, rows)
  }

  read(batch: TokenBatch, prefix: Prefix | null): ReadPass {
    const read = this.#read(batch, prefix)
    return this.#mixed ? scaledRead(read) : read
  }

  #read(batch: TokenBatch, prefix: Prefix | null): ReadPass {
    if (this.#isCausal) return causalRead(this.#model, batch, prefix && own(CausalPrefix, prefix))
    return maskedRead(this.#model, batch, prefix && own(MaskedPrefix, prefix))
  }

  prefixBackward(prefix: Prefix, gradient: PrefixGradient): Tensor3D {
    const back = (given: PrefixGradient): Tensor3D => this.#prefixBackward(prefix, given)
    return this.#mixed ? scaledPrefixBackward(gradient, back) : back(gradient)
  }

  #prefixBackward(prefix: Prefix, gradient: PrefixGradient): Tensor3D {
    if (this.#isCausal) return causalPrefixBackward(this.#model, own(CausalPrefix, prefix), gradient)
    return maskedPrefixBackward(this.#model, own(MaskedPrefix, prefix), gradient)
  }

  readOn(soFar: ReadSoFar | null, part: TextPart): ReadOn {
    if (this.#isCausal) return extendCache(this.#model, soFar && own(KeyCache, soFar), part)
    const { architecture } = this.shape
    throw new SoftpostError('model-unknown', `a masked model (${architecture}) does not write text; give a causal one`)
  }

  dispose(): void {
    disposeWeights(this.#weights)
    if (this.#head) disposeLinear(this.#head)
  }

  get #isCausal(): boolean {
    return this.#model.blueprint.kind === 'causal'
  }

  get #weights(): Weights {
    return this.#model.weights
  }

  #fullHead(): Linear {
    const { vocabulary, width } = this.shape
    // Kept: it may be asked for inside a `tidy` and lives as long as the model.
    this.#head ??= keepAll(createHead(this.#weights, [vocabulary, width]))
    return this.#head
  }
}

function own<T>(kind: new (...given: never[]) => T, value: object): T {
  if (value instanceof kind) return value
  throw new Error('what was read was read by another model')
}
