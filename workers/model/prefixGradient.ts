/**
 * Sums of gradients of a prefix's keys and values. Where only the sum over texts is asked for, it is formed before the
 * way back through the prompt, which is then done once.
 */
import { addN, reshape, sum, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { PrefixGradient } from './types.ts'

/** Over the texts of a batch: `[m·P, 2d]` to `[P, 2d]` in each layer; `rows` is P. */
export function overTexts(gradient: PrefixGradient, rows: number): Tensor2D[] {
  return gradient.map((layer) => {
    const [count, width] = layer.shape
    return sum<Tensor2D>(reshape<Tensor3D['rankType']>(layer, [count / rows, rows, width]), 0)
  })
}

/** Over batches; all of one shape. */
export function overBatches(parts: readonly PrefixGradient[]): Tensor2D[] {
  const [first = [], ...rest] = parts
  return first.map((gradient, layer) => addN([gradient, ...rest.flatMap((part) => part[layer] ?? [])]))
}
