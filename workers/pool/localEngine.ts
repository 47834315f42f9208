/** The engine that computes in this thread. */
import { computeJudgements, computeScores } from '../evaluate/compute.ts'
import { writeAnswers } from '../generate/answers.ts'
import { createModel, describeModel } from '../model/load.ts'
import type { LanguageModel } from '../model/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { LoadFile, ModelReport } from '../protocol/tuner.ts'
import type { RuntimeReport, WeightFormat } from '../protocol/tuning.ts'
import type { OpenBackend } from '../runtime/backend.ts'
import { afterWord } from '../runtime/gpuFailures.ts'
import { interruptible } from '../protocol/interrupt.ts'
import { tuneLinear, type KnownDevice } from '../runtime/kernels/linear/wgsl/autotune.ts'
import type { CutStore } from '../runtime/kernels/linear/wgsl/keptCuts.ts'
import { microbatches, type BatchSizes, type Microbatch } from '../task/batches.ts'
import type { Encoded } from '../task/types.ts'
import { computeLogits, computeTransferSum } from '../transfer/compute.ts'
import { computeTuneSum } from '../tune/compute.ts'
import { computeError } from './computeError.ts'
import type {
  ClassifyBatch,
  ClassScores,
  Engine,
  Logits,
  Judgements,
  ModelSlot,
  PromptedBatch,
  TransferBatch,
  TransferSum,
  TuneBatch,
  TuneSum,
  WriteBatch,
  WrittenAnswer,
} from './types.ts'

/**
 * Tokens of a microbatch. On a CPU a matrix product is as fast with 128 rows as with more, and fewer rows leave fewer
 * dummies; a GPU wants more, though a step of 256 short texts would be mostly dummies at 2,048.
 */
const MICROBATCH_TOKENS = { cpu: 128, gpu: 512 } as const

/** The same in a run from its first step to its last: it is part of what an example's numbers depend on. */
export function microbatchTokens({ name, software }: Pick<OpenBackend, 'name' | 'software'>): number {
  return name === 'webgpu' && !software ? MICROBATCH_TOKENS.gpu : MICROBATCH_TOKENS.cpu
}

/** Logits that a microbatch may hold where answers are texts: 64 MiB, which every device binds. */
const MICROBATCH_LOGITS = 2 ** 24

/** Of a run's microbatches; like {@link microbatchTokens} the same from its first step to its last. */
export function batchSizes(
  backend: Pick<OpenBackend, 'name' | 'software'>,
  { contextLength, vocabulary, promptLength }: BatchGround,
): BatchSizes {
  return {
    room: contextLength - promptLength,
    tokens: microbatchTokens(backend),
    logits: Math.max(1, Math.floor(MICROBATCH_LOGITS / vocabulary)),
  }
}

type BatchGround = Pick<ModelReport, 'contextLength' | 'vocabulary'> & { readonly promptLength: number }

export class LocalEngine implements Engine {
  readonly report: RuntimeReport
  readonly #backend: OpenBackend
  readonly #known: KnownDevice | null
  readonly #models = new Map<ModelSlot, LanguageModel>()
  /** One call at a time: they share the backend's memory. */
  #last: Promise<unknown> = Promise.resolve()

  /** @param cuts where a GPU's measured cuts are kept; null to measure at each start. */
  constructor(backend: OpenBackend, cuts: CutStore | null = null) {
    this.#backend = backend
    this.#known = backend.adapter === null || cuts === null ? null : { adapter: backend.adapter, store: cuts }
    this.report = { backend: backend.name, reason: backend.reason, adapter: backend.adapter, workers: 1 }
  }

  async load(slot: ModelSlot, files: readonly LoadFile[], weights: WeightFormat = 'f32'): Promise<ModelReport> {
    return await this.#run(async () => {
      const model = createModel(files, weights)
      if (!this.#backend.software) await tuneLinear(model.shape.width, this.#known)
      this.#models.get(slot)?.dispose()
      this.#models.set(slot, model)
      return await describeModel(slot, model, files)
    })
  }

  async embed(slot: ModelSlot, ids: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
    return await this.#run(() => this.#model(slot).embed(ids))
  }

  async tune(batch: TuneBatch): Promise<TuneSum> {
    const model = this.#model(batch.slot)
    return await this.#run(() => computeTuneSum(model, batch, this.#split(model, batch)))
  }

  async classify(batch: ClassifyBatch): Promise<ClassScores> {
    const model = this.#model(batch.slot)
    return await this.#run(() => computeScores(model, batch, this.#split(model, batch)))
  }

  async logits(batch: PromptedBatch): Promise<Logits> {
    return await this.#run(() => computeLogits(this.#model(batch.slot), batch))
  }

  async judge(batch: PromptedBatch): Promise<Judgements> {
    const model = this.#model(batch.slot)
    return await this.#run(() => computeJudgements(model, batch, this.#split(model, batch)))
  }

  async write(batch: WriteBatch): Promise<readonly WrittenAnswer[]> {
    return await this.#run(() => writeAnswers(this.#model(batch.slot), batch))
  }

  async transfer(batch: TransferBatch): Promise<TransferSum> {
    return await this.#run(() => computeTransferSum(this.#model('teacher'), batch))
  }

  async close(): Promise<void> {
    await this.#run(() => {
      for (const model of this.#models.values()) model.dispose()
      this.#models.clear()
    })
  }

  #model(slot: ModelSlot): LanguageModel {
    const model = this.#models.get(slot)
    if (!model) throw new SoftpostError('model-missing-file', `no ${slot} model is loaded; load it first`)
    return model
  }

  #split(
    model: LanguageModel,
    { examples, promptLength }: { readonly examples: readonly Encoded[]; readonly promptLength: number },
  ): Microbatch[] {
    const { contextLength, vocabulary } = model.shape
    return microbatches(examples, batchSizes(this.#backend, { contextLength, vocabulary, promptLength }))
  }

  async #run<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(() => interruptible(() => afterWord(work), this.#backend.watch))
    this.#last = result.catch(() => undefined)
    try {
      return await result
    } catch (error) {
      throw computeError(error)
    }
  }
}
