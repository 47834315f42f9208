/**
 * A transformer over whole sequences, every token an output, with the gradient of every weight: what distillation
 * needs, and prompt tuning does not.
 */
import { add, sum, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { ownSeen } from '../../runtime/kernels/attention/masks.ts'
import { allColumns } from '../../runtime/columns.ts'
import { crossProduct } from '../../runtime/kernels/products.ts'
import { disposeLinear, linear, linearBackward, type Linear } from '../../runtime/kernels/linear/linear.ts'
import type { TokenBatch } from '../types.ts'
import type { Blueprint, LayerSpec, MapSpec, NormSpec } from './blueprint.ts'
import { embedTexts } from './embed.ts'
import { createHead, headInput } from './head.ts'
import type { Layer } from './layer.ts'
import { normaliseBackward } from './norm.ts'
import { textsForward, type Transformer } from './transformer.ts'
import { WeightSink, type MapGradient, type NormGradient } from './weightSink.ts'
import { disposeWeights, readWeights, type TensorReader } from './weights.ts'

export type SequenceGradient = {
  readonly maps: readonly { readonly spec: MapSpec; readonly gradient: MapGradient }[]
  readonly norms: readonly { readonly spec: NormSpec; readonly gradient: NormGradient }[]
  /** Of the output embedding, `[V, d]`; null where it was not asked for. */
  readonly head: Tensor2D | null
  /** `[V]`. */
  readonly headBias: Tensor1D | null
  /** Of the sum of token, position and type embeddings, `[m·T, d]`. */
  readonly input: Tensor2D
}

export type SequencePass = {
  /** HF `hidden_states[-1]`, `[m·T, d]`. */
  readonly hidden: Tensor2D
  /** `[m·T, V]`. */
  readonly logits: Tensor2D
  /**
   * To be called inside the `tidy` of the pass. `dHidden` comes on top of what flows through the logits.
   * `head`: whether the gradient of the output embedding is wanted too.
   */
  backward(dLogits: Tensor2D | null, dHidden: Tensor2D | null, head: boolean): SequenceGradient
}

export class SequenceModel {
  readonly blueprint: Blueprint
  readonly head: Linear
  readonly #model: Transformer
  readonly #ownsHead: boolean

  /**
   * What `reader` gives must not change while this lives.
   * `head` is that of a model with the same output embedding; it then remains the other's.
   * @throws SoftpostError `model-tensor`.
   */
  constructor(blueprint: Blueprint, reader: TensorReader, head: Linear | null = null) {
    this.blueprint = blueprint
    this.#model = { blueprint, weights: readWeights(blueprint, reader) }
    this.#ownsHead = head === null
    this.head = head ?? createHead(this.#model.weights, [blueprint.vocabulary, blueprint.width])
  }

  /** To be called inside a `tidy`. */
  forward(batch: TokenBatch): SequencePass {
    const embedded = embedTexts(this.#model, batch, null)
    const pass = textsForward(this.#model, embedded.x, { ...batch, seen: this.#seen(batch), read: null, prefix: null })
    const before = headInput(this.#model, pass.y)
    return {
      hidden: pass.y,
      logits: linear(allColumns(before.y), this.head),
      backward: (dLogits, dHidden, head) => {
        const sink = new WeightSink()
        const arriving = [dHidden, dLogits && before.backward(linearBackward(allColumns(dLogits), this.head), sink)]
        const dFinal = arriving.filter((part) => part !== null).reduce((a, b) => add<Tensor2D>(a, b))
        const { input } = pass.backward(dFinal, 'input', sink)
        if (!input) throw new Error('sequence: the gradient of the embeddings is missing')
        const { norm } = this.#model.weights.embeddings
        if (norm && embedded.norm) sink.norm(norm, input, embedded.norm)
        return {
          ...this.#gathered(sink, dLogits !== null),
          head: head && dLogits ? crossProduct(dLogits, before.y) : null,
          headBias: dLogits && this.#model.weights.head.bias ? sum<Tensor1D>(dLogits, 0) : null,
          input: norm && embedded.norm ? normaliseBackward(input, embedded.norm, norm) : input,
        }
      },
    }
  }

  dispose(): void {
    disposeWeights(this.#model.weights)
    if (this.#ownsHead) disposeLinear(this.head)
  }

  #seen({ size, length, lengths }: TokenBatch): Int32Array {
    if (this.blueprint.kind === 'causal') return ownSeen(length)
    return Int32Array.from({ length: size * length }, (_, row) => lengths[Math.floor(row / length)] ?? 0)
  }

  /** `head`: whether anything went back through the head's own maps. */
  #gathered(sink: WeightSink, head: boolean): Pick<SequenceGradient, 'maps' | 'norms'> {
    const { blueprint, weights } = this.#model
    const layers = weights.layers.map((layer, index) => partsOf(layer, blueprint.layers[index]))
    const { transform } = weights.head
    const ownHead =
      head && transform && blueprint.head.transform ? { weights: transform, spec: blueprint.head.transform } : null
    const norms = [
      { spec: blueprint.embeddings.norm, norm: weights.embeddings.norm },
      ...layers.flatMap(({ norms }) => norms),
      { spec: blueprint.finalNorm, norm: weights.finalNorm },
      { spec: ownHead?.spec.norm, norm: ownHead?.weights.norm },
    ]
    const maps = [
      ...layers.flatMap(({ maps }) => maps),
      ...(ownHead ? [{ spec: ownHead.spec.dense, map: ownHead.weights.dense }] : []),
    ]
    return {
      maps: maps.map(({ spec, map }) => ({ spec, gradient: sink.ofMap(map) })),
      norms: norms.flatMap(({ spec, norm }) => (spec && norm ? [{ spec, gradient: sink.ofNorm(norm) }] : [])),
    }
  }
}

function partsOf(
  layer: Layer,
  spec: LayerSpec | undefined,
): {
  readonly maps: readonly { readonly spec: MapSpec; readonly map: Linear }[]
  readonly norms: readonly { readonly spec: NormSpec; readonly norm: Layer['norm1'] }[]
} {
  if (!spec) throw new Error('sequence: a layer is not in the blueprint')
  const { projections, out, mlp, norm1, norm2 } = layer
  return {
    maps: [
      { spec: spec.q, map: projections.q },
      { spec: spec.kv, map: projections.kv },
      { spec: spec.out, map: out },
      { spec: spec.up, map: mlp.up },
      { spec: spec.down, map: mlp.down },
    ],
    norms: [
      { spec: spec.norm1, norm: norm1 },
      { spec: spec.norm2, norm: norm2 },
    ],
  }
}
