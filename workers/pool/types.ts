/** What the code that tunes, transfers and classifies asks of the compute side, whatever runs it. */
import type { LoadFile, ModelFile, ModelReport } from '../protocol/tuner.ts'
import type { CutStore } from '../runtime/kernels/linear/wgsl/keptCuts.ts'
import type { BackendName, RuntimeReport, WeightFormat } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'
import type { Encoded } from '../task/types.ts'

/** Which of the loaded models a call means. */
export type ModelSlot = 'student' | 'teacher'

/** How an example's gradient becomes part of the sum; public constants of the plan. */
export type Contribution = { readonly kind: 'clipped'; readonly clipNorm: number } | { readonly kind: 'plain' }

export type TuneBatch = {
  readonly slot: ModelSlot
  readonly prompt: Float32Array<ArrayBuffer>
  readonly promptLength: number
  /** Token ids of the label words, one list per class; null where answers are texts, whose tokens the examples carry. */
  readonly labelTokens: LabelTokens | null
  readonly examples: readonly Encoded[]
  /** Class of each example, where there are classes. */
  readonly labels: readonly number[]
  readonly contribution: Contribution
  /**
   * Examples of each privacy unit, which stand one after the other. Not given where the plan has rows as its units: the
   * same in all batches of a run, since it decides where a sum is formed.
   */
  readonly unitSizes?: readonly number[]
}

export function unitSizesOf({ unitSizes, examples }: Pick<TuneBatch, 'unitSizes' | 'examples'>): readonly number[] {
  return unitSizes ?? examples.map(() => 1)
}

/**
 * Sum over the batch. `clipped`: integers on the grid of `workers/privacy/contribution.ts` (gradient, then the curve
 * figures). `plain`: sum of gradients `[P*d]`, then the summed loss, then the number of correct examples.
 */
export type TuneSum = { readonly sum: Float64Array<ArrayBuffer> }

export type ClassifyBatch = {
  readonly slot: ModelSlot
  /** `[P, d]`, or null for no prompt. */
  readonly prompt: Float32Array<ArrayBuffer> | null
  readonly promptLength: number
  readonly labelTokens: readonly (readonly number[])[]
  readonly examples: readonly Encoded[]
}

/** Class scores (mean raw logit over the label words) row by row: `[n, classes]`. */
export type ClassScores = Float32Array<ArrayBuffer>

export type PromptedBatch = {
  readonly slot: ModelSlot
  /** `[P, d]`, or null for no prompt. */
  readonly prompt: Float32Array<ArrayBuffer> | null
  readonly promptLength: number
  readonly examples: readonly Encoded[]
}

/**
 * Raw logits over the whole vocabulary at the read positions, example after example: `[n, V]`, n being the number of
 * examples where each has one position.
 */
export type Logits = Float32Array<ArrayBuffer>

/**
 * How examples with known answers (`targets`) fare, `[examples, 2]`: mean cross-entropy of the answer's tokens and end
 * token in nats, then 1 where greedy decoding would write exactly this answer, else 0.
 */
export type Judgements = Float32Array<ArrayBuffer>

/** Answers to be written, each from its example's `ids` alone. */
export type WriteBatch = PromptedBatch & {
  /** Tokens that end an answer. */
  readonly ends: readonly number[]
  /** Of an answer, the token that ends it not counted. */
  readonly maxTokens: number
}

export type WrittenAnswer = {
  /** Tokens of the answer, without the end token. */
  readonly ids: readonly number[]
  /** Of each token and then, where the answer was ended, of the end token: what the model gave it. */
  readonly probabilities: readonly number[]
  /** Whether the end token came within `maxTokens`. */
  readonly ended: boolean
}

/** One step of POST's transfer on the teacher (paper Eq 3-5), for examples whose constants are known. */
export type TransferBatch = {
  /** The teacher's prompt pt, `[P, d]`. */
  readonly prompt: Float32Array<ArrayBuffer>
  readonly promptLength: number
  readonly examples: readonly Encoded[]
  /** The constants of these examples at each read position, `[n, V]` each. */
  readonly constants: TransferConstants
  /** Whether the constants are 0 outside a support that the teacher's distribution is to be cut to as well. */
  readonly cut?: boolean
  readonly alpha: number
  readonly temperature: number
}

/** What does not change over a transfer: the student with and without ps and the teacher without a prompt. */
export type TransferConstants = {
  /** softmax(z_s(ps + x) / T): what L1 pulls the teacher to. */
  readonly studentOutput: Float32Array<ArrayBuffer>
  /** softmax((z_s(ps + x) - z_s(x)) / T): what L2 pulls the teacher's shift to. */
  readonly studentShift: Float32Array<ArrayBuffer>
  /** z_t(x), raw logits. */
  readonly teacherPlain: Float32Array<ArrayBuffer>
}

/**
 * Sums over the batch, added in the order of the examples, each the mean over its read positions. Losses are L1 and L2 of
 * the paper, times T².
 */
export type TransferSum = {
  /** Of (1-α) L1 + α L2 with respect to pt, `[P*d]`. */
  readonly gradient: Float64Array<ArrayBuffer>
  readonly outputLoss: number
  readonly shiftLoss: number
}

export interface Engine {
  readonly report: RuntimeReport
  /** `weights`: what they are rounded to; the numbers of the files where not given. */
  load(slot: ModelSlot, files: readonly LoadFile[], weights?: WeightFormat): Promise<ModelReport>
  /** Token embeddings `[ids, d]`, for text-initialised prompts. */
  embed(slot: ModelSlot, ids: readonly number[]): Promise<Float32Array<ArrayBuffer>>
  tune(batch: TuneBatch): Promise<TuneSum>
  classify(batch: ClassifyBatch): Promise<ClassScores>
  logits(batch: PromptedBatch): Promise<Logits>
  judge(batch: PromptedBatch): Promise<Judgements>
  /** Greedily, with the prompt's keys and values computed once. Errors: `model-unknown` for a masked model. */
  write(batch: WriteBatch): Promise<readonly WrittenAnswer[]>
  transfer(batch: TransferBatch): Promise<TransferSum>
  close(): Promise<void>
}

export type EngineRequest = {
  readonly backend: 'auto' | BackendName
  /** tfjs's wasm builds by file name; empty where the engine can read them itself. */
  readonly wasm: readonly ModelFile[]
  /** Ports of pool members (browser); none means that this thread computes. */
  readonly members: readonly MessagePort[]
  /** Where a GPU's measured cuts are kept; null to measure at each start. */
  readonly cuts: CutStore | null
}
