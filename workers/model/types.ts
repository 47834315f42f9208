/** What tuning, transfer and classification ask of a causal language model, whatever its architecture. */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { SharedKeys } from '../runtime/kernels/attention/rows.ts'

export type ModelShape = {
  readonly architecture: string
  readonly layers: number
  /** Embedding width d. */
  readonly width: number
  readonly heads: number
  readonly vocabulary: number
  readonly contextLength: number
  readonly parameters: number
}

/** Texts of one padded length, padding on the right, where a causal read position cannot see it. */
export type TokenBatch = {
  /** `[m·T]`. */
  readonly ids: Int32Array
  /** m. */
  readonly size: number
  /** T. */
  readonly length: number
  /** Read position of each text, `[m]`. */
  readonly read: Int32Array
}

/**
 * A soft prompt's way through the model: keys and values of every layer, and what its backward pass needs. In a causal
 * model no prompt row sees the text, so this is computed once for all texts.
 */
export interface Prefix {
  /** P. */
  readonly rows: number
  readonly layers: readonly SharedKeys[]
  dispose(): void
}

/** Gradients of the prefix's keys and values by layer, text after text: `[m·P, 2d]`. */
export type PrefixGradient = readonly Tensor2D[]

/** The final hidden state (after the last norm) at each text's read position, `[m, d]`, and the way back from it. */
export type ReadPass = {
  readonly hidden: Tensor2D
  /** Needs a prefix. To be called inside the `tidy` that made the pass. */
  backward(dHidden: Tensor2D): PrefixGradient
}

export interface CausalModel {
  readonly shape: ModelShape
  /** Token embeddings (without positions) `[n, d]`, on the CPU. */
  embed(ids: readonly number[]): Float32Array<ArrayBuffer>
  /**
   * The output embedding's columns for label words, `[d, K]`: class scores are hidden states times this matrix, each
   * the mean raw logit over the class's tokens.
   */
  meanHead(tokens: readonly (readonly number[])[]): Float32Array<ArrayBuffer>
  /** Final hidden states `[n, d]` to logits over the whole vocabulary `[n, V]`; the output embedding is shared. */
  logits(hidden: Tensor2D): Tensor2D
  /** dLogits `[n, V]` to dHidden `[n, d]`. */
  logitsBackward(dLogits: Tensor2D): Tensor2D
  /** `prompt` is `[P, d]`; the result lives until it is disposed. */
  prefix(prompt: Float32Array, rows: number): Prefix
  /** To be called inside a `tidy`. */
  read(batch: TokenBatch, prefix: Prefix | null): ReadPass
  /** Gradient of the prompt, `[m, P, d]`, from gradients of its keys and values; inside the same `tidy`. */
  prefixBackward(prefix: Prefix, gradient: PrefixGradient): Tensor3D
  dispose(): void
}
