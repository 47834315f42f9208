/** Gradients of weights, gathered on the way back by who wants them; prompt tuning does not. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { linearWeightGradient, type Linear } from '../../runtime/kernels/linear/linear.ts'
import { layerNormWeightGradient } from '../../runtime/kernels/layerNorm/layerNorm.ts'
import { rmsNormWeightGradient } from '../../runtime/kernels/rmsNorm/rmsNorm.ts'
import type { Norm, NormSaved } from './norm.ts'

export type MapGradient = { readonly w: Tensor2D; readonly b: Tensor1D }
/** `bias` is null for a norm without one. */
export type NormGradient = { readonly gain: Tensor1D; readonly bias: Tensor1D | null }

/** Tensors belong to the `tidy` around. */
export class WeightSink {
  readonly #maps = new Map<Linear, MapGradient>()
  readonly #norms = new Map<Norm, NormGradient>()

  /** x `[n, in]` and dy `[n, out]`. */
  map(layer: Linear, x: Tensor2D, dy: Tensor2D): void {
    this.#maps.set(layer, linearWeightGradient(x, dy))
  }

  norm(norm: Norm, dy: Tensor2D, saved: NormSaved): void {
    if (norm.kind === 'layer' && saved.kind === 'layer') {
      this.#norms.set(norm, layerNormWeightGradient(dy, saved.saved, norm.layer))
    } else if (norm.kind === 'rms' && saved.kind === 'rms') {
      this.#norms.set(norm, { gain: rmsNormWeightGradient(dy, saved.x, norm.rms), bias: null })
    } else throw new Error('WeightSink: saved by a norm of another kind')
  }

  ofMap(layer: Linear): MapGradient {
    return found(this.#maps.get(layer))
  }

  ofNorm(norm: Norm): NormGradient {
    return found(this.#norms.get(norm))
  }
}

function found<T>(gradient: T | undefined): T {
  if (gradient === undefined) throw new Error('WeightSink: a weight has no gradient')
  return gradient
}
