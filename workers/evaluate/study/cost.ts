/** What a stage takes: seconds by the clock, operations by the weights that its tokens pass through. */
import type { ModelReport } from '../../protocol/tuner.ts'
import type { Cost } from './types.ts'

/** @returns to be called when the stage is over, with its operations. */
export function spent(): (flops: number) => Cost {
  const began = performance.now()
  return (flops) => ({ seconds: (performance.now() - began) / 1000, flops })
}

/**
 * Two operations for each weight and token, twice that with the way back, which has no weight gradients here; the
 * embedding table is looked up, not multiplied. Attention's own products are small for short texts and left out.
 */
export function passCost(
  { parameters, vocabulary, width }: ModelReport,
  { tokens, backward }: { readonly tokens: number; readonly backward: boolean },
): number {
  return (backward ? 4 : 2) * (parameters - vocabulary * width) * tokens
}
