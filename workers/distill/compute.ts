/** Teacher and student in one thread: gradients of the distillation loss, and how far apart the two are. */
import { add, argMax, cast, equal, mul, sum, tensor1d, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import { gpt2Config, type Gpt2Config } from '../model/gpt2/config.ts'
import {
  countParameters,
  parameterSlots,
  readParameters,
  TOKEN_EMBEDDINGS,
  type ParameterSlot,
} from '../model/gpt2/parameters.ts'
import { Gpt2Sequence, type SequenceGradient } from '../model/gpt2/sequence.ts'
import { readModelParts } from '../model/load.ts'
import type { TokenBatch } from '../model/types.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { ModelFile } from '../protocol/tuner.ts'
import { kept, take } from '../runtime/tensors.ts'
import { ceTerm, cosTerm, lmTerm, rowsOf, tokenLosses, type Outputs } from './loss.ts'
import type { Distiller, GradientRequest, GradientSum, ValidationRequest, ValidationSum } from './types.ts'

export type DistillPair = {
  readonly teacher: readonly ModelFile[]
  /** As it is at the start. */
  readonly student: readonly ModelFile[]
  readonly frozenEmbeddings: boolean
}

/** A tied GPT-2 as a configuration and its parameters in one vector. Errors: `model-unknown`, `model-tensor`. */
export function readGpt2(files: readonly ModelFile[]): {
  readonly config: Gpt2Config
  readonly slots: readonly ParameterSlot[]
  readonly values: Float32Array<ArrayBuffer>
} {
  const { type, config: json, source } = readModelParts(files)
  if (type !== 'gpt2') {
    throw new SoftpostError('model-unknown', `config.json: model_type "${type}" cannot be distilled yet; gpt2 can`)
  }
  const config = gpt2Config(json)
  const slots = parameterSlots(config)
  return { config, slots, values: readParameters(slots, source) }
}

export class LocalDistiller implements Distiller {
  readonly #teacher: Gpt2Sequence
  readonly #student: ReturnType<typeof readGpt2>
  readonly #frozenEmbeddings: boolean
  readonly #trained: number

  /** Errors: `model-unknown`, `model-tensor`; `model-unknown` too for two models that do not go together. */
  constructor({ teacher, student, frozenEmbeddings }: DistillPair) {
    const { config, slots, values } = readGpt2(teacher)
    this.#student = readGpt2(student)
    const own = this.#student.config
    if (own.width !== config.width || own.vocabulary !== config.vocabulary) {
      throw new SoftpostError(
        'model-unknown',
        `the student is ${own.width} wide with ${own.vocabulary} tokens, its teacher ${config.width} with ${config.vocabulary}; take layers of this very teacher`,
      )
    }
    this.#frozenEmbeddings = frozenEmbeddings
    this.#trained = countParameters(this.#student.slots, frozenEmbeddings)
    this.#teacher = new Gpt2Sequence(config, slots, values)
  }

  async gradient(request: GradientRequest): Promise<GradientSum> {
    const gradient = new Float32Array(this.#trained)
    const terms = { ce: 0, lm: 0, cos: 0 }
    await this.#withStudent(request.values, async (student) => {
      for (const batch of request.batches) {
        const { weights, input, losses } = kept(() => this.#pass(student, batch, request))
        for (const { name, offset } of this.#student.slots) {
          const tensor = weights[name]
          if (tensor) addAt(gradient, await take(tensor), offset)
        }
        this.#addEmbeddings(gradient, await take(input), batch)
        terms.ce += await scalar(losses.ce)
        terms.lm += await scalar(losses.lm)
        terms.cos += await scalar(losses.cos)
      }
    })
    return { gradient, terms }
  }

  async validate({ values, batches }: ValidationRequest): Promise<ValidationSum> {
    const sums = { tokens: 0, targets: 0, studentLoss: 0, teacherLoss: 0, agreed: 0 }
    await this.#withStudent(values, async (student) => {
      for (const batch of batches) {
        const rows = rowsOf(batch)
        const { own, other, agreed } = kept(() => {
          const [mine, theirs] = [student.forward(batch), this.#teacher.forward(batch)]
          const same = equal(argMax(mine.logits, -1), argMax(theirs.logits, -1))
          return {
            own: sum(tokenLosses(mine, rows)),
            other: sum(tokenLosses(theirs, rows)),
            agreed: sum(mul(cast(same, 'float32'), tensor1d(rows.token))),
          }
        })
        sums.tokens += total(rows.token)
        sums.targets += total(rows.target)
        sums.studentLoss += await scalar(own)
        sums.teacherLoss += await scalar(other)
        sums.agreed += await scalar(agreed)
      }
    })
    return sums
  }

  dispose(): void {
    this.#teacher.dispose()
  }

  /** New tensors for new values: the backend packs weights once. */
  async #withStudent(trained: Float32Array, work: (student: Gpt2Sequence) => Promise<void>): Promise<void> {
    const { config, slots, values } = this.#student
    values.set(trained)
    const student = new Gpt2Sequence(config, slots, values, this.#frozenEmbeddings ? this.#teacher.head : null)
    try {
      await work(student)
    } finally {
      student.dispose()
    }
  }

  #pass(
    student: Gpt2Sequence,
    batch: TokenBatch,
    { weights: by, totals, temperature }: GradientRequest,
  ): SequenceGradient & { readonly losses: Losses } {
    const rows = rowsOf(batch)
    const own = student.forward(batch)
    const other: Outputs | null = by.ce > 0 || by.cos > 0 ? this.#teacher.forward(batch) : null
    const ce = other && by.ce > 0 ? ceTerm(own, other, { rows, totals, temperature }) : null
    const lm = by.lm > 0 ? lmTerm(own, { rows, totals }) : null
    const cos = other && by.cos > 0 ? cosTerm(own, other, { rows, totals }) : null
    const dLogits = addScaled([
      [ce?.gradient, by.ce],
      [lm?.gradient, by.lm],
    ])
    const dHidden = addScaled([[cos?.gradient, by.cos]])
    const back = own.backward(dLogits, dHidden, !this.#frozenEmbeddings)
    return { ...back, losses: { ce: ce?.loss ?? null, lm: lm?.loss ?? null, cos: cos?.loss ?? null } }
  }

  /** Each row of `dInput` goes to its token's and its position's embedding. */
  #addEmbeddings(gradient: Float32Array, dInput: Float32Array, { ids, length }: TokenBatch): void {
    const { slots, config } = this.#student
    const offsetOf = (name: string): number => slots.find((slot) => slot.name === name)?.offset ?? Number.NaN
    const [positions, tokens] = [offsetOf('wpe.weight'), offsetOf(TOKEN_EMBEDDINGS)]
    const { width } = config
    for (const [row, id] of ids.entries()) {
      const values = dInput.subarray(row * width, (row + 1) * width)
      addAt(gradient, values, positions + (row % length) * width)
      if (!this.#frozenEmbeddings) addAt(gradient, values, tokens + id * width)
    }
  }
}

type Losses = { readonly [term in 'ce' | 'lm' | 'cos']: Tensor | null }

function addScaled(parts: readonly (readonly [Tensor2D | undefined, number])[]): Tensor2D | null {
  const scaled = parts.flatMap(([gradient, weight]) => (gradient ? [mul<Tensor2D>(gradient, weight)] : []))
  return scaled.length === 0 ? null : scaled.reduce((a, b) => add<Tensor2D>(a, b))
}

function addAt(sums: Float32Array, values: Float32Array, offset: number): void {
  for (let at = 0; at < values.length; at++) sums[offset + at] = (sums[offset + at] ?? 0) + (values[at] ?? 0)
}

function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}

async function scalar(tensor: Tensor | null): Promise<number> {
  return tensor === null ? 0 : ((await take(tensor))[0] ?? 0)
}
