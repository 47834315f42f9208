/** Distillation against Hugging Face's numbers: losses, the gradient of every weight, and steps of AdamW. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdamW, clipFactor, norm } from '../../workers/distill/adamw.ts'
import { LocalDistiller, readGpt2 } from '../../workers/distill/compute.ts'
import { totalsOf } from '../../workers/distill/sequences.ts'
import type { GradientSum, LossTerms } from '../../workers/distill/types.ts'
import type { TokenBatch } from '../../workers/model/types.ts'
import { BACKENDS, LEVEL, openTestBackend } from './support/backends.ts'
import { expectClose, readModel, readVectors, type Precision, type Values } from './support/vectors.ts'

type Steps = { readonly losses: Values; readonly after: Readonly<Record<string, Values>> }
type ClippedSteps = Steps & { readonly grad_norms: Values }
type Vectors = {
  readonly kd: {
    readonly input_ids: readonly (readonly number[])[]
    readonly lengths: readonly number[]
    readonly temperature: number
    readonly weights: LossTerms
    readonly optimizer: { readonly lr: number }
    readonly n_tokens: number
    readonly n_lm_targets: number
    readonly clip_grad_norm: number
    readonly clip_grad_norm_rows: number
    readonly loss_ce: number
    readonly loss_lm: number
    readonly loss_cos: number
    readonly grad_norm: Readonly<Record<string, number>>
    readonly grad: Readonly<Record<string, Values>>
    readonly total_grad_norm: number
    readonly total_grad_norm_ce: number
    readonly total_grad_norm_lm: number
    readonly total_grad_norm_cos: number
    readonly adamw: Steps
    readonly adamw_clipped: ClippedSteps
    readonly adamw_rows: ClippedSteps & { readonly lr: number }
  }
  readonly precision: Precision
}

const { kd, precision } = await readVectors<Vectors>('post-gpt2/vectors.json')
const teacher = await readModel('post-gpt2/teacher')
const student = await readModel('post-gpt2/student')
const { slots, values: start } = readGpt2(student)
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
    { weights = kd.weights, values = start.slice() }: { weights?: LossTerms; values?: Float32Array<ArrayBuffer> } = {},
  ): Promise<GradientSum> =>
    await distiller.gradient({ values, batches, totals: totalsOf(batches), weights, temperature: kd.temperature })

  it('counts tokens and targets', () => {
    expect(totalsOf([whole])).toEqual({ tokens: kd.n_tokens, targets: kd.n_lm_targets })
  })

  it('gives the three losses', async () => {
    const { terms } = await gradient([whole])
    expectField('kd.loss_ce', [terms.ce], [kd.loss_ce])
    expectField('kd.loss_lm', [terms.lm], [kd.loss_lm])
    expectField('kd.loss_cos', [terms.cos], [kd.loss_cos])
  })

  it('gives the gradient of every weight', async () => {
    const { gradient: all } = await gradient([whole])
    expect(Object.keys(kd.grad_norm)).toHaveLength(slots.length)
    for (const [name, expected] of Object.entries(kd.grad_norm)) {
      expectField(`kd.grad_norm/${name}`, [norm(part(all, name))], [expected])
    }
    for (const [name, { data }] of Object.entries(kd.grad)) expectField(`kd.grad/${name}`, part(all, name), data)
    expectField('kd.total_grad_norm', [norm(all)], [kd.total_grad_norm])
  })

  it.each(['ce', 'lm', 'cos'] as const)('gives the gradient of the term %s alone', async (term) => {
    const { gradient: all, terms } = await gradient([whole], { weights: { ...NONE, [term]: 1 } })
    expectField(`kd.total_grad_norm_${term}`, [norm(all)], [kd[`total_grad_norm_${term}`]])
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
    const own = readGpt2(teacher)
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

  it('makes the steps of AdamW', async () => {
    const { values, losses } = await steps([[whole], [whole], [whole]], { lr: kd.optimizer.lr })
    expectField('kd.adamw.losses', losses, kd.adamw.losses.data)
    expectAfter('kd.adamw', values, kd.adamw)
  })

  it('clips the norm of all gradients together', async () => {
    const limit = kd.clip_grad_norm
    const { values, losses, norms } = await steps([[whole], [whole], [whole]], { lr: kd.optimizer.lr, limit })
    expectField('kd.adamw_clipped.grad_norms', norms, kd.adamw_clipped.grad_norms.data)
    expectField('kd.adamw_clipped.losses', losses, kd.adamw_clipped.losses.data)
    expectAfter('kd.adamw_clipped', values, kd.adamw_clipped)
  })

  it('makes steps on one text after another', async () => {
    const batches = kd.lengths.map((_, text) => [alone(text)])
    const { values, losses, norms } = await steps(batches, { lr: kd.adamw_rows.lr, limit: kd.clip_grad_norm_rows })
    expectField('kd.adamw_rows.grad_norms', norms, kd.adamw_rows.grad_norms.data)
    expectField('kd.adamw_rows.losses', losses, kd.adamw_rows.losses.data)
    expectAfter('kd.adamw_rows', values, kd.adamw_rows)
  })

  async function steps(batches: readonly TokenBatch[][], { lr, limit }: { lr: number; limit?: number }) {
    const values = start.slice()
    const adamw = new AdamW(values.length)
    const losses = [...(await lossRow(values))]
    const norms: number[] = []
    for (const batch of batches) {
      const { gradient: all } = await gradient(batch, { values: values.slice() })
      const size = norm(all)
      norms.push(size)
      adamw.step(values, all, { learningRate: lr, scale: limit === undefined ? 1 : clipFactor(size, limit) })
      losses.push(...(await lossRow(values)))
    }
    return { values, losses, norms }
  }

  async function lossRow(values: Float32Array<ArrayBuffer>): Promise<number[]> {
    const { ce, lm, cos } = (await gradient([whole], { values: values.slice() })).terms
    return [ce, lm, cos, kd.weights.ce * ce + kd.weights.lm * lm + kd.weights.cos * cos]
  }

  function expectAfter(field: string, values: Float32Array, { after }: Steps): void {
    for (const [name, { data }] of Object.entries(after))
      expectField(`${field}.after/${name}`, part(values, name), data)
  }
})

function part(vector: Float32Array, name: string): Float32Array {
  const slot = slots.find((slot) => `transformer.${slot.name}` === name)
  if (!slot) throw new Error(`no parameter ${name}`)
  return vector.subarray(slot.offset, slot.offset + slot.size)
}

function alone(text: number): TokenBatch {
  const length = kd.lengths[text] ?? 0
  const ids = Int32Array.from(kd.input_ids[text]?.slice(0, length) ?? [])
  return { ids, size: 1, length, lengths: Int32Array.of(length), read: Int32Array.of(length - 1) }
}
