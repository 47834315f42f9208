import { SoftpostError } from '../protocol/errors.ts'
import type { WeightFormat } from '../protocol/tuning.ts'
import { roundToHalves } from '../runtime/half.ts'
import { toFloat32, type TensorView } from './safetensors.ts'
import { tensorAliases } from './tensorAliases.ts'

/** Tensors of a checkpoint by name, with the shape checks that every architecture needs. */
export class WeightSource {
  readonly #tensors: ReadonlyMap<string, TensorView>
  readonly #prefix: string
  /** For `createLinear`, which rounds to 8 bits: only there it is known which axis the channels are. */
  readonly format: WeightFormat

  /** `prefix` is what `save_pretrained` puts before the names of the bare model's tensors (`transformer.`). */
  constructor(tensors: ReadonlyMap<string, TensorView>, prefix: string, format: WeightFormat = 'f32') {
    this.format = format
    this.#tensors = tensors
    this.#prefix = prefix
  }

  /**
   * By the name that `save_pretrained` gives it, rounded as the format says.
   * @throws SoftpostError `model-tensor` when the tensor is missing or has another shape.
   */
  take(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
    const alias = tensorAliases(name, this.#prefix).find((alias) => this.#tensors.has(alias))
    const view = alias === undefined ? undefined : this.#tensors.get(alias)
    if (!view) throw new SoftpostError('model-tensor', `${name} is missing from the weights; download the model again`)
    if (view.shape.length !== shape.length || view.shape.some((size, axis) => size !== shape[axis])) {
      throw new SoftpostError(
        'model-tensor',
        `${name} has shape [${view.shape.join(', ')}], config.json says [${shape.join(', ')}]; weights and config.json belong to different models`,
      )
    }
    const values = toFloat32(view)
    const halves = this.format === 'f16' || this.format === 'f16-mixed'
    if (halves && shape.length > 1 && !roundToHalves(values)) {
      throw new SoftpostError('model-tensor', `${name} has values beyond those of f16; load the model with weights f32`)
    }
    return values
  }
}
