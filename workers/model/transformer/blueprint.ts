/** What an architecture is made of: all that the shared passes ask of it, and the names of its tensors. */
import type { Activation } from '../../runtime/kernels/linear/activatedLinear.ts'

export type { Activation }

/** Tensors `name.weight` and, of a layer norm, `name.bias`. */
export type NormSpec = { readonly kind: 'layer' | 'rms'; readonly name: string; readonly eps: number }

/** A tensor, or some columns of it, that gives outputs of a linear map. */
export type MapPart = {
  /** Tensors `name.weight` and, where there is one, `name.bias`. */
  readonly name: string
  readonly bias: boolean
  /** `[in, out]` (HF `Conv1D`), else `[out, in]`. */
  readonly inputsFirst: boolean
  /** Outputs of the tensor. */
  readonly outputs: number
  /** Which of them; all where not given. */
  readonly columns?: { readonly begin: number; readonly end: number }
}

/** A linear map whose outputs are those of its parts, side by side. */
export type MapSpec = {
  readonly inputs: number
  readonly parts: readonly MapPart[]
  /** A factor of all outputs. */
  readonly scale?: number
}

export function mapOf(inputs: number, ...parts: readonly MapPart[]): MapSpec {
  return { inputs, parts }
}

export type LayerSpec = {
  /** Of the attention half. */
  readonly norm1: NormSpec
  /** Scaled by 1/√hd. Apart from kv: the last layer needs it at the read position only. */
  readonly q: MapSpec
  /** Keys beside values. */
  readonly kv: MapSpec
  readonly out: MapSpec
  /** Of the MLP half. */
  readonly norm2: NormSpec
  readonly activation: Activation
  /** Of a gated activation gate beside up. */
  readonly up: MapSpec
  readonly down: MapSpec
}

export type PositionTable = {
  readonly name: string
  readonly rows: number
  /** Row of the first position. */
  readonly first: number
  /** HF RoBERTa: without a prompt, tokens of this id have no position but the row of this number. */
  readonly padId: number | null
}

/** Rotary positions: turns per position of each pair of a head, and what cos and sin are multiplied with. */
export type RopeSpec = { readonly frequencies: Float32Array; readonly scale: number }

export type Blueprint = {
  readonly architecture: string
  /** Whether tokens see what stands before them alone, or everything. */
  readonly kind: 'causal' | 'masked'
  /** d. */
  readonly width: number
  readonly heads: number
  readonly keyHeads: number
  readonly headWidth: number
  readonly vocabulary: number
  readonly contextLength: number
  /** Whether a half's norm stands before it (y = x + f(norm x)) or behind (y = norm(x + f x)). */
  readonly order: 'pre' | 'post'
  readonly rope: RopeSpec | null
  readonly embeddings: {
    /** `[V, d]`. */
    readonly tokens: string
    readonly positions: PositionTable | null
    /** Token types; every token is of type 0. */
    readonly types: { readonly name: string; readonly rows: number } | null
    readonly norm: NormSpec | null
  }
  readonly layers: readonly LayerSpec[]
  readonly finalNorm: NormSpec | null
  readonly head: {
    /** What final hidden states pass before the output embedding. */
    readonly transform: {
      readonly dense: MapSpec
      readonly activation: 'gelu-tanh' | 'gelu-erf'
      readonly norm: NormSpec
    } | null
    /** `[V, d]`: the token embeddings where both are one. */
    readonly tokens: string
    /** `[V]`. */
    readonly bias: string | null
  }
}

/** An architecture by its `model_type`. */
export type Architecture = {
  readonly type: string
  /** What `save_pretrained` puts before the names of the bare model's tensors. */
  readonly prefix: string
  /** @throws SoftpostError `model-unknown` for a variant whose numbers we do not reproduce. */
  readonly blueprint: (config: unknown) => Blueprint
}
