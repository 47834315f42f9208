/** What tuning, transfer and classification ask of a language model, whatever its architecture. */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'

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

/** Texts of one padded length, padding on the right. */
export type TokenBatch = {
  /** `[m·T]`. */
  readonly ids: Int32Array
  /** m. */
  readonly size: number
  /** T. */
  readonly length: number
  /** Tokens of each text without its padding, `[m]`, at least 1. */
  readonly lengths: Int32Array
  /** Read positions, R of each text, text after text, `[m·R]`; R is 1 for a class. */
  readonly read: Int32Array
}

/**
 * As much of a soft prompt's way through the model as no text changes, computed once for all of them, with what its
 * backward pass needs. No prompt row of a causal model sees the text: keys and values of every layer. In a masked one
 * every row sees every other: the embedded prompt.
 */
export interface Prefix {
  /** P. */
  readonly rows: number
  dispose(): void
}

/** Gradients of what the prefix holds (of a causal model's, layer by layer), text after text: `[m·P, ·]` each. */
export type PrefixGradient = readonly Tensor2D[]

/**
 * What texts add to the gradient of a prompt `[P, d]`, summed over them: that itself, or as far as what the prefix holds,
 * from where all passes share the way back. Either is null where nothing came that way.
 */
export type PromptSum = { readonly prompt: Tensor2D | null; readonly prefix: PrefixGradient | null }

export type ReadPass = {
  /** What comes out of the last layer (and the final norm) at each text's read positions, `[m·R, d]`. */
  readonly state: Tensor2D
  /** What the output embedding is multiplied with there, `[m·R, d]`: in a causal model the same. */
  readonly hidden: Tensor2D
  /** Needs a prefix. To be called inside the `tidy` that made the pass. */
  backward(dHidden: Tensor2D): PrefixGradient
  /** Likewise, down to the prompt: each text's own gradient of it, `[m, P, d]`. */
  promptGradient(dHidden: Tensor2D): Tensor3D
  /** Likewise, summed over the texts; down to the prompt where that is asked for and the backend has such a way. */
  promptSum(dHidden: Tensor2D, way: keyof PromptSum): PromptSum
}

/** What comes next in a text: token ids, or the rows `[P, d]` of a soft prompt, which stand before all else. */
export type TextPart = { readonly ids: readonly number[] } | { readonly prompt: Float32Array }

/** Keys and values of all that a causal model has read. Never changed, only gone on from: texts can share one. */
export interface ReadSoFar {
  /** Prompt rows and tokens. */
  readonly rows: number
  dispose(): void
}

/** Both live until they are disposed. */
export type ReadOn = {
  readonly soFar: ReadSoFar
  /** As in {@link ReadPass}, at the last row, `[1, d]`. */
  readonly hidden: Tensor2D
}

/** The output embedding's columns for classes, each the mean over its label words. */
export type MeanHead = {
  /** `[d, K]`. */
  readonly weights: Float32Array<ArrayBuffer>
  /** `[K]`; null where the model has none. */
  readonly bias: Float32Array<ArrayBuffer> | null
}

export interface LanguageModel {
  readonly shape: ModelShape
  /** Token embeddings (without positions) `[n, d]`, on the CPU. */
  embed(ids: readonly number[]): Float32Array<ArrayBuffer>
  /** Class scores are hidden states times `weights` plus `bias`: each the mean raw logit over the class's tokens. */
  meanHead(tokens: readonly (readonly number[])[]): MeanHead
  /** Final hidden states `[n, d]` to logits over the whole vocabulary `[n, V]`; the output embedding is shared. */
  logits(hidden: Tensor2D): Tensor2D
  /** dLogits `[n, V]` to dHidden `[n, d]`. */
  logitsBackward(dLogits: Tensor2D): Tensor2D
  /** `prompt` is `[P, d]`; the result lives until it is disposed. */
  prefix(prompt: Float32Array, rows: number): Prefix
  /** To be called inside a `tidy`. */
  read(batch: TokenBatch, prefix: Prefix | null): ReadPass
  /** Gradient of the prompt, `[m, P, d]`, from that of the prefix; inside the same `tidy`. */
  prefixBackward(prefix: Prefix, gradient: PrefixGradient): Tensor3D
  /** Errors: `model-unknown` for a masked model; `text-too-long`. `soFar` is null at the start, and lives on. */
  readOn(soFar: ReadSoFar | null, part: TextPart): ReadOn
  dispose(): void
}
