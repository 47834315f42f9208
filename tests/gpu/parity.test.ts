/** The numbers of Hugging Face's models and of torch's optimisers, on every backend. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { computeParity, type ParityFiles } from '../../workers/evaluate/parity/parity.ts'
import { parseVectors, type Vectors } from '../../workers/evaluate/parity/vectors.ts'
import { LEVEL, TARGETS, openTarget, openTestBackend } from './support/backends.ts'
import { GOLDEN, readModel, readVectors } from './support/vectors.ts'

const SETS = readdirSync(GOLDEN)

// The reference backend is too slow to compute all of them, and nobody's way to run a model.
describe.each(TARGETS.filter(({ backend }) => backend !== 'cpu'))('on $label', (target) => {
  const level = LEVEL[target.backend]

  it.each(SETS)('every field of %s', async (set) => {
    const given = parseVectors(await readVectors(`${set}/vectors.json`))
    const report = await computeParity(given, {
      files: await readFiles(given, set),
      backend: await openTarget(target),
      level,
    })
    expect(Object.entries(report.fields).filter(([, { pass }]) => !pass)).toEqual([])
    expect(report.pass).toBe(true)
  })
})

/** A comparison that passes whatever is computed would pass these too. */
describe('a wrong number', () => {
  const perturbed = ['prompted.grad', 'adam.prompt_after', 'plain.logits', 'prompted.loss'] as const

  it.each(perturbed)('in %s does not pass', async (field) => {
    const vectors = await readVectors<Mutable>('gpt2/vectors.json')
    const [object, member] = field.split('.')
    const values = vectors.cases[0]?.[object ?? '']?.[member ?? '']
    if (!values) throw new Error(`no field ${field}`)
    const [first = 0] = values.data
    values.data[0] = first + 0.01
    const report = await computeParity(parseVectors(vectors), {
      files: { model: await readModel('gpt2') },
      backend: await openTestBackend('wasm'),
      level: 'gpu',
    })
    const failed = Object.entries(report.fields).filter(([, { pass }]) => !pass)
    expect(failed.map(([name]) => name)).toEqual([field])
    expect(report.pass).toBe(false)
  })

  it('is one that nothing was computed for, or that has no tolerance', async () => {
    const vectors = await readVectors<Mutable>('gpt2/vectors.json')
    const [values] = vectors.cases
    if (!values) throw new Error('no case')
    const { 'plain.logits': logits, ...others } = values['precision'] ?? {}
    const given = parseVectors({
      ...vectors,
      cases: [{ ...values, precision: { ...others, 'plain.unheard_of': logits } }],
    })
    const report = await computeParity(given, {
      files: { model: await readModel('gpt2') },
      backend: await openTestBackend('wasm'),
      level: 'cpu',
    })
    const failed = Object.entries(report.fields).filter(([, { pass }]) => !pass)
    expect(failed.map(([name]) => name).toSorted()).toEqual(['plain.logits', 'plain.unheard_of'])
  })
})

type Mutable = { readonly cases: Record<string, Record<string, { data: number[] }>>[] }

async function readFiles({ of }: Vectors, set: string): Promise<ParityFiles> {
  if (of === 'optimizers') return {}
  if (of === 'model') return { model: await readModel(set) }
  return { teacher: await readModel(`${set}/teacher`), student: await readModel(`${set}/student`) }
}
