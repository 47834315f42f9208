/**
 * Sums of gradients of a prefix's keys and values. Where only the sum over texts is asked for, it is formed before the
 * way back through the prompt, which is then done once.
 */
import { addN, sum } from '@tensorflow/tfjs-core'
import type { Heads } from '../runtime/kernels/attention/attention.ts'
import type { PrefixGradient } from './types.ts'

type Layer = { k: Heads; v: Heads }

/** Over the texts of a batch: `[H, m, P, hd]` to `[H, 1, P, hd]` in each layer. */
export function overTexts(gradient: PrefixGradient): Layer[] {
  return gradient.map(({ k, v }) => ({ k: sum<Heads>(k, 1, true), v: sum<Heads>(v, 1, true) }))
}

/** Over batches; all of one shape. */
export function overBatches(parts: readonly PrefixGradient[]): Layer[] {
  const [first = [], ...rest] = parts
  return first.map(({ k, v }, layer) => ({
    k: addN([k, ...rest.flatMap((part) => part[layer]?.k ?? [])]),
    v: addN([v, ...rest.flatMap((part) => part[layer]?.v ?? [])]),
  }))
}
