/** What distillation's gradient is beyond the reference's fields (parity.test.ts). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalDistiller, readTrainedModel } from '../../workers/distill/compute.ts'
import { totalsOf } from '../../workers/distill/sequences.ts'
import type { GradientSum, LossTerms } from '../../workers/distill/types.ts'
import type { TokenBatch } from '../../workers/model/types.ts'
import { BACKENDS, LEVEL, openTestBackend } from './support/backends.ts'
import { expectClose, readModel, readVectors, type Precision, type Values } from './support/vectors.ts'

type Vectors = {
  readonly kd: {
    readonly input_ids: readonly (readonly number[])[]
    readonly lengths: readonly number[]
    readonly temperature: number
    readonly weights: LossTerms
    readonly n_tokens: number
    readonly n_lm_targets: number
    readonly loss_ce: number
    readonly grad: Readonly<Record<string, Values>>
  }
  readonly precision: Precision
}

const { kd, precision } = await readVectors<Vectors>('post-gpt2/vectors.json')
const teacher = await readModel('post-gpt2/teacher')
const student = await readModel('post-gpt2/student')
const { slots, values: start } = readTrainedModel(student)
const [row = []] = kd.input_ids
const whole: TokenBatch = {
  ids: Int32Array.from(kd.input_ids.flat()),
  size: kd.input_ids.length,
  length: row.length,
  lengths: Int32Array.from(kd.lengths),
  read: Int32Array.from(kd.lengths, (length) => length - 1),
}
const NONE: LossTerms = { ce: 0, lm: 0, cos: 0 }

describe.each(BACKENDS)('distillation on %s', (backend) => {
  let distiller: LocalDistiller
  beforeAll(async () => {
    await openTestBackend(backend)
    distiller = new LocalDistiller({ teacher, student, frozenEmbeddings: false })
  })
  afterAll(() => distiller.dispose())

  const tolerance = (field: string): { rtol: number; atol: number } => {
    const entry = precision[field]
    if (!entry) throw new Error(`no tolerance for ${field}`)
    return entry[LEVEL[backend]]
  }
  const expectField = (field: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void =>
    expectClose(actual, expected, tolerance(field))
  const gradient = async (
    batches: readonly TokenBatch[],
    { weights = kd.weights }: { weights?: LossTerms } = {},
  ): Promise<GradientSum> =>
    await distiller.gradient({
      values: start.slice(),
      batches,
      totals: totalsOf(batches),
      weights,
      temperature: kd.temperature,
    })

  it('counts tokens and targets', () => {
    expect(totalsOf([whole])).toEqual({ tokens: kd.n_tokens, targets: kd.n_lm_targets })
  })

  it.each(['ce', 'lm', 'cos'] as const)('computes the term %s alone', async (term) => {
    const { terms } = await gradient([whole], { weights: { ...NONE, [term]: 1 } })
    for (const other of ['ce', 'lm', 'cos'] as const) expect(terms[other] > 0).toBe(other === term)
  })

  it('gives the same for texts one by one, without padding, summed', async () => {
    const together = await gradient([whole])
    const apart = await gradient(kd.lengths.map((_, text) => alone(text)))
    expectField('kd.loss_ce', [apart.terms.ce], [kd.loss_ce])
    for (const name of Object.keys(kd.grad)) {
      expectField(`kd.grad/${name}`, part(apart.gradient, name), part(together.gradient, name))
    }
  })

  it('leaves frozen embeddings out and the rest as it is', async () => {
    const frozen = new LocalDistiller({ teacher, student: teacher, frozenEmbeddings: true })
    const free = new LocalDistiller({ teacher, student: teacher, frozenEmbeddings: false })
    const own = readTrainedModel(teacher)
    const request = { batches: [whole], totals: totalsOf([whole]), weights: kd.weights, temperature: 2 }
    const embeddings = own.slots.at(-1)?.size ?? 0
    const values = own.values.slice(0, own.values.length - embeddings)
    const some = await frozen.gradient({ ...request, values })
    const all = await free.gradient({ ...request, values: own.values })
    expect(some.gradient).toEqual(all.gradient.slice(0, values.length))
    // The teacher agrees with itself.
    expect(some.terms.ce).toBeCloseTo(0, 5)
    expect(some.terms.cos).toBeCloseTo(0, 5)
    frozen.dispose()
    free.dispose()
  })
})

function part(vector: Float32Array, name: string): Float32Array {
  const slot = slots.find((slot) => slot.name === name)
  if (!slot) throw new Error(`no parameter ${name}`)
  return vector.subarray(slot.offset, slot.offset + slot.size)
}

function alone(text: number): TokenBatch {
  const length = kd.lengths[text] ?? 0
  const ids = Int32Array.from(kd.input_ids[text]?.slice(0, length) ?? [])
  return { ids, size: 1, length, lengths: Int32Array.of(length), read: Int32Array.of(length - 1) }
}
