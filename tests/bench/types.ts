/** What the benchmark measures, and what a variant has to offer. */
import type { BackendName } from '../../workers/protocol/tuning.ts'

/** `constants`: what a transfer computes once for each public text, with both models. */
export type CaseName = 'tune' | 'transfer' | 'classify' | 'constants'

/**
 * `autodiff`: what one would write first. `autodiff-read`: the same with the last layer and the vocabulary where they
 * are asked for alone. `ours-one-thread`: ours without the pool. `ours`: the product.
 */
export type VariantName = 'autodiff' | 'autodiff-read' | 'ours-one-thread' | 'ours'

/** One measured thing; it crosses to a process or worker of its own, in which nothing else is measured. */
export type Spec = {
  readonly case: CaseName
  /** A model of `models/`, or the name of random weights (`randomModel.ts`). */
  readonly model: string
  readonly variant: VariantName
  readonly backend: Exclude<BackendName, 'cpu'>
  readonly promptLength: number
  readonly batch: number
  /** Length of each text. */
  readonly textTokens: number
  /** Texts of one backward pass of autodiff, where the whole batch does not fit into memory. */
  readonly chunk?: number
}

export interface Variant {
  /** One step or pass; what it computed, so that variants can be compared. */
  pass(): Promise<ArrayLike<number>>
  /** The same in this very thread, for counting; a pool's members share the work but each holds the model. */
  counted(): Promise<unknown>
  /** Microbatches of one pass in this thread, and copies of the model that the timed pass keeps. */
  readonly shares: { readonly microbatches: number; readonly copies: number }
  close(): Promise<void>
}

export type Counts = {
  /** Bytes of tensors alive at once, weights included, over all copies of the model. */
  readonly peakBytes: number
  /**
   * Dispatches (WebGPU) or kernel calls (WASM) of one layer there and back for one microbatch: what a pass takes more
   * with one more layer in the middle, over its microbatches. The prompt's own pass, once for all of them, counts by its
   * share.
   */
  readonly dispatchesPerLayer: number
}
