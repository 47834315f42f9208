/** The fields of a pair's distillation: losses, the gradient of every weight, and steps of AdamW. */
import { AdamW, clipFactor, norm } from '../../distill/adamw.ts'
import { LocalDistiller, readTrainedModel } from '../../distill/compute.ts'
import { totalsOf } from '../../distill/sequences.ts'
import type { GradientSum, LossTerms, SequenceBatch } from '../../distill/types.ts'
import type { ModelFile } from '../../protocol/tuner.ts'
import type { Computed } from './compare.ts'
import type { Distillation, PairVectors } from './vectors.ts'

type Pair = { readonly teacher: readonly ModelFile[]; readonly student: readonly ModelFile[] }
type Parameters = Float32Array<ArrayBuffer>

export async function distillFields(pair: Pair, { kd, kind }: Pick<PairVectors, 'kd' | 'kind'>): Promise<Computed[]> {
  const distiller = new LocalDistiller({ ...pair, frozenEmbeddings: false })
  try {
    return await fieldsOf(new Student(distiller, pair.student, { kd, kind }), kd)
  } finally {
    distiller.dispose()
  }
}

async function fieldsOf(student: Student, kd: Distillation): Promise<Computed[]> {
  const { gradient, terms } = await student.gradient(student.start)
  return [
    { name: 'kd.loss_ce', actual: [terms.ce], expected: [kd.loss_ce] },
    { name: 'kd.loss_lm', actual: [terms.lm], expected: [kd.loss_lm] },
    { name: 'kd.loss_cos', actual: [terms.cos], expected: [kd.loss_cos] },
    { name: 'kd.loss_total', actual: [total(kd.weights, terms)], expected: [kd.loss_total] },
    ...Object.entries(kd.grad_norm).map(([name, expected]) => ({
      name: `kd.grad_norm/${name}`,
      actual: [norm(student.part(gradient, name))],
      expected: [expected],
    })),
    ...Object.entries(kd.grad).map(([name, { data }]) => ({
      name: `kd.grad/${name}`,
      actual: student.part(gradient, name),
      expected: data,
    })),
    { name: 'kd.total_grad_norm', actual: [norm(gradient)], expected: [kd.total_grad_norm] },
    ...(await termFields(student, kd)),
    ...(await stepFields(student, kd)),
  ]
}

async function termFields(student: Student, kd: Distillation): Promise<Computed[]> {
  const normOf = async (term: keyof LossTerms): Promise<number> => {
    const weights = { ce: 0, lm: 0, cos: 0, [term]: 1 }
    return norm((await student.gradient(student.start, { weights })).gradient)
  }
  return [
    { name: 'kd.total_grad_norm_ce', actual: [await normOf('ce')], expected: [kd.total_grad_norm_ce] },
    { name: 'kd.total_grad_norm_lm', actual: [await normOf('lm')], expected: [kd.total_grad_norm_lm] },
    { name: 'kd.total_grad_norm_cos', actual: [await normOf('cos')], expected: [kd.total_grad_norm_cos] },
  ]
}

/** Losses are given before each step and after the last. */
function count({ losses }: Distillation['adamw']): number {
  return (losses.shape[0] ?? 1) - 1
}

async function stepFields(student: Student, kd: Distillation): Promise<Computed[]> {
  const { lr } = kd.optimizer
  const whole = await student.steps({ learningRate: lr, count: count(kd.adamw) })
  const clipped = await student.steps({ learningRate: lr, count: count(kd.adamw_clipped), limit: kd.clip_grad_norm })
  const rows = await student.steps({
    learningRate: kd.adamw_rows.lr,
    count: count(kd.adamw_rows),
    limit: kd.clip_grad_norm_rows,
    isByRow: true,
  })
  return [
    ...afterFields('kd.adamw', whole, { student, expected: kd.adamw, learningRate: lr }),
    ...afterFields('kd.adamw_clipped', clipped, { student, expected: kd.adamw_clipped, learningRate: lr }),
    {
      name: 'kd.adamw_clipped.grad_norms',
      actual: clipped.norms,
      expected: kd.adamw_clipped.grad_norms.data,
    },
    ...afterFields('kd.adamw_rows', rows, { student, expected: kd.adamw_rows, learningRate: kd.adamw_rows.lr }),
    { name: 'kd.adamw_rows.grad_norms', actual: rows.norms, expected: kd.adamw_rows.grad_norms.data },
  ]
}

type Steps = { readonly values: Parameters; readonly losses: readonly number[]; readonly norms: readonly number[] }

function afterFields(
  name: string,
  { values, losses, norms }: Steps,
  {
    student,
    expected,
    learningRate,
  }: { readonly student: Student; readonly expected: Distillation['adamw']; readonly learningRate: number },
): Computed[] {
  return [
    { name: `${name}.losses`, actual: losses, expected: expected.losses.data },
    ...Object.entries(expected.after).map(([parameter, { data }]) => ({
      name: `${name}.after/${parameter}`,
      actual: student.part(values, parameter),
      expected: data,
      steps: { learningRate, done: [norms.length] },
    })),
  ]
}

/** The student's parameters as the vectors name them, and the batch that they are trained on. */
class Student {
  readonly start: Parameters
  readonly #distiller: LocalDistiller
  readonly #slots: ReturnType<typeof readTrainedModel>['slots']
  readonly #kd: Distillation
  readonly #kind: PairVectors['kind']

  constructor(distiller: LocalDistiller, files: readonly ModelFile[], { kd, kind }: Pick<PairVectors, 'kd' | 'kind'>) {
    const { slots, values } = readTrainedModel(files)
    this.start = values
    this.#slots = slots
    this.#distiller = distiller
    this.#kd = kd
    this.#kind = kind
  }

  part(vector: Parameters, name: string): Parameters {
    const slot = this.#slots.find((slot) => name === slot.name)
    return slot ? vector.subarray(slot.offset, slot.offset + slot.size) : new Float32Array()
  }

  /** On the whole batch, or on one of its sequences. */
  async gradient(
    values: Parameters,
    { weights = this.#kd.weights, row }: { readonly weights?: LossTerms; readonly row?: number } = {},
  ): Promise<GradientSum> {
    const all = [...this.#kd.lengths.keys()]
    const batches = [batchOf(row === undefined ? all : [row], { kd: this.#kd, kind: this.#kind })]
    const { temperature } = this.#kd
    return await this.#distiller.gradient({
      values: values.slice(),
      batches,
      totals: totalsOf(batches),
      weights,
      temperature,
    })
  }

  async steps(options: {
    readonly learningRate: number
    readonly count: number
    readonly limit?: number
    readonly isByRow?: boolean
  }): Promise<Steps> {
    const { learningRate, limit } = options
    const { betas, eps, weight_decay: weightDecay } = this.#kd.optimizer
    const values = this.start.slice()
    const adamw = new AdamW(values.length, { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay })
    const losses = await this.#losses(values)
    const norms: number[] = []
    for (let step = 0; step < options.count; step++) {
      const { gradient } = await this.gradient(values, options.isByRow === true ? { row: step } : {})
      const size = norm(gradient)
      norms.push(size)
      adamw.step(values, gradient, { learningRate, scale: limit === undefined ? 1 : clipFactor(size, limit) })
      losses.push(...(await this.#losses(values)))
    }
    return { values, losses, norms }
  }

  async #losses(values: Parameters): Promise<number[]> {
    const { terms } = await this.gradient(values)
    return [terms.ce, terms.lm, terms.cos, total(this.#kd.weights, terms)]
  }
}

function total(weights: LossTerms, { ce, lm, cos }: LossTerms): number {
  return weights.ce * ce + weights.lm * lm + weights.cos * cos
}

/** Some of the texts, padded to the longest of them. A masked model has targets of its own. */
function batchOf(texts: readonly number[], { kd, kind }: Pick<PairVectors, 'kd' | 'kind'>): SequenceBatch {
  const lengths = Int32Array.from(texts, (text) => kd.lengths[text] ?? 0)
  const length = Math.max(...lengths)
  const rows = (all: readonly (readonly number[])[]): Int32Array =>
    Int32Array.from(texts.flatMap((text) => all[text]?.slice(0, length) ?? []))
  const read = lengths.map((count) => count - 1)
  const batch = { ids: rows(kd.input_ids), size: texts.length, length, lengths, read }
  return kind === 'mlm' ? { ...batch, targets: rows(kd.lm_labels) } : batch
}
