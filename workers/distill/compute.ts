/** Teacher and student in one thread: gradients of the distillation loss, and how far apart the two are. */
import { add, argMax, cast, equal, mul, sum, tensor1d, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import { readModelParts } from '../model/load.ts'
import { addGradient } from '../model/transformer/addGradient.ts'
import type { Blueprint } from '../model/transformer/blueprint.ts'
import {
  countParameters,
  parameterSlots,
  ParameterVector,
  readParameters,
  type ParameterSlot,
} from '../model/transformer/parameters.ts'
import { SequenceModel, type SequenceGradient } from '../model/transformer/sequence.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { ModelFile } from '../protocol/tuner.ts'
import { kept, take } from '../runtime/tensors.ts'
import { ceTerm, cosTerm, lmTerm, rowsOf, tokenLosses, type Outputs } from './loss.ts'
import type {
  Distiller,
  GradientRequest,
  GradientSum,
  ValidationRequest,
  ValidationSum,
  SequenceBatch,
} from './types.ts'

export type DistillPair = {
  readonly teacher: readonly ModelFile[]
  /** As it is at the start. */
  readonly student: readonly ModelFile[]
  readonly frozenEmbeddings: boolean
}

export type TrainedModel = {
  readonly blueprint: Blueprint
  readonly slots: readonly ParameterSlot[]
  readonly values: Float32Array<ArrayBuffer>
  /** What `save_pretrained` puts before the names of the bare model's tensors. */
  readonly prefix: string
}

/** A model with its parameters in one vector. Errors: `model-unknown`, `model-tensor`. */
export function readTrainedModel(files: readonly ModelFile[]): TrainedModel {
  const { architecture, blueprint, source } = readModelParts(files)
  const slots = parameterSlots(blueprint)
  return { blueprint, slots, values: readParameters(slots, source), prefix: architecture.prefix }
}

export class LocalDistiller implements Distiller {
  readonly #teacher: SequenceModel
  readonly #student: TrainedModel
  readonly #frozenEmbeddings: boolean
  readonly #trainedSlots: readonly ParameterSlot[]

  /** Errors: `model-unknown`, `model-tensor`; `model-unknown` too for two models that do not go together. */
  constructor({ teacher, student, frozenEmbeddings }: DistillPair) {
    const { blueprint, slots, values } = readTrainedModel(teacher)
    this.#student = readTrainedModel(student)
    requirePair(blueprint, this.#student.blueprint)
    this.#frozenEmbeddings = frozenEmbeddings
    this.#trainedSlots = this.#student.slots.filter(({ embedding }) => !(frozenEmbeddings && embedding))
    this.#teacher = new SequenceModel(blueprint, new ParameterVector(slots, values))
  }

  async gradient(request: GradientRequest): Promise<GradientSum> {
    const gradient = new Float32Array(countParameters(this.#trainedSlots))
    const vector = new ParameterVector(this.#trainedSlots, gradient)
    const terms = { ce: 0, lm: 0, cos: 0 }
    await this.#withStudent(request.values, async (student) => {
      for (const batch of request.batches) {
        const { gradient: own, losses } = kept(() => this.#pass(student, batch, request))
        await addGradient(vector, own, { blueprint: student.blueprint, batch })
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
  async #withStudent(trained: Float32Array, work: (student: SequenceModel) => Promise<void>): Promise<void> {
    const { blueprint, slots, values } = this.#student
    values.set(trained)
    // A bias of the head is trained even where its embedding is not.
    const head = this.#frozenEmbeddings && blueprint.head.bias === null ? this.#teacher.head : null
    const student = new SequenceModel(blueprint, new ParameterVector(slots, values), head)
    try {
      await work(student)
    } finally {
      student.dispose()
    }
  }

  #pass(
    student: SequenceModel,
    batch: SequenceBatch,
    { weights: by, totals, temperature }: GradientRequest,
  ): { readonly gradient: SequenceGradient; readonly losses: Losses } {
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
    const gradient = own.backward(dLogits, dHidden, !this.#frozenEmbeddings)
    return { gradient, losses: { ce: ce?.loss ?? null, lm: lm?.loss ?? null, cos: cos?.loss ?? null } }
  }
}

function requirePair(teacher: Blueprint, student: Blueprint): void {
  const fits =
    student.kind === teacher.kind && student.width === teacher.width && student.vocabulary === teacher.vocabulary
  if (fits) return
  throw new SoftpostError(
    'model-unknown',
    `the student is ${student.width} wide with ${student.vocabulary} tokens (${student.architecture}), its teacher ${teacher.width} with ${teacher.vocabulary} (${teacher.architecture}); take layers of this very teacher`,
  )
}

type Losses = { readonly [term in 'ce' | 'lm' | 'cos']: Tensor | null }

function addScaled(parts: readonly (readonly [Tensor2D | undefined, number])[]): Tensor2D | null {
  const scaled = parts.flatMap(([gradient, weight]) => (gradient ? [mul<Tensor2D>(gradient, weight)] : []))
  return scaled.length === 0 ? null : scaled.reduce((a, b) => add<Tensor2D>(a, b))
}

function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}

async function scalar(tensor: Tensor | null): Promise<number> {
  return tensor === null ? 0 : ((await take(tensor))[0] ?? 0)
}
