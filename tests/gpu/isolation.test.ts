/**
 * What one example adds to a step is a function of that example alone, bit for bit: the bound on what it can change
 * rests on that (docs/privacy.md). On WASM with the demo student, whose shapes take the fast paths, and with each small
 * reference model; on a software GPU with one of each kind. For answers that are classes, and for texts.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readModelFolder } from '../../workers/host/modelFolder.ts'
import { createModel } from '../../workers/model/load.ts'
import type { LanguageModel } from '../../workers/model/types.ts'
import { batchSizes } from '../../workers/pool/localEngine.ts'
import { microbatches } from '../../workers/task/batches.ts'
import { computeTuneSum } from '../../workers/tune/compute.ts'
import { TARGETS, openTarget } from './support/backends.ts'
import { mixedAnswers, mixedExamples } from './support/examples.ts'
import { readModel } from './support/vectors.ts'

/** So many that in the last layer the way back of most texts goes by factors (keyFactors.ts), of the shortest by rows. */
const ROWS = 20

const SMALL = { vocabulary: 128, examples: 5, labelTokens: [[50], [60, 61], [70]] } as const
const small = (folder: string) => ({ folder, files: async () => await readModel(folder), ...SMALL })
const writing = <T extends { readonly folder: string }>(given: T) => ({ ...given, labelTokens: null })

const STUDENT = {
  folder: 'demo-student',
  files: async () =>
    (await readModelFolder(fileURLToPath(new URL('../../models/demo-student', import.meta.url)))).files,
  vocabulary: 8_192,
  examples: 14,
  labelTokens: [[500], [600, 601], [700]],
} as const

const CASES = {
  wasm: [STUDENT, ...['llama', 'qwen2', 'roberta', 'bert'].map(small), writing(STUDENT), writing(small('qwen2'))],
  webgpu: [...['gpt2', 'llama', 'roberta'].map(small), writing(small('llama'))],
} as const

const ALL = TARGETS.flatMap((target) => {
  const { label, backend } = target
  if (backend === 'cpu') return []
  return CASES[backend].map((given) => {
    const answers = given.labelTokens === null ? 'texts' : 'classes'
    return { label, folder: given.folder, answers, target, given }
  })
})

describe.each(ALL)('contributions on $label with $folder to $answers', ({ target, given }) => {
  const { backend, software } = target
  const { files, vocabulary, examples: count, labelTokens } = given
  let model: LanguageModel
  let prompt: Float32Array<ArrayBuffer>
  beforeAll(async () => {
    await openTarget(target)
    model = createModel(await files())
    prompt = model.embed(Array.from({ length: ROWS }, (_, row) => 40 + row))
  })
  afterAll(() => model.dispose())

  const all = labelTokens === null ? mixedAnswers(count, vocabulary) : mixedExamples(count, vocabulary)
  const labels = all.map((_, place) => place % 3)

  async function sumOf(places: readonly number[], unitSizes?: readonly number[]): Promise<Float64Array> {
    const examples = places.flatMap((place) => all[place] ?? [])
    const batch = {
      slot: 'student' as const,
      prompt,
      promptLength: ROWS,
      labelTokens,
      examples,
      labels: places.map((place) => labels[place] ?? 0),
      contribution: { kind: 'clipped' as const, clipNorm: 0.05 },
      ...(unitSizes === undefined ? {} : { unitSizes }),
    }
    const sizes = batchSizes({ name: backend, software }, { ...model.shape, promptLength: ROWS })
    const { sum } = await computeTuneSum(model, batch, microbatches(examples, sizes))
    return sum
  }

  it('add up to those of the examples one by one, in any order', async () => {
    const places = all.map((_, place) => place)
    const total = await sumOf(places)
    expect(total.some((value) => value !== 0)).toBe(true)
    expect(total.every(Number.isSafeInteger)).toBe(true)
    expect(await sumOf(places.toReversed())).toEqual(total)

    const oneByOne = new Float64Array(total.length)
    for (const place of places) {
      const own = await sumOf([place])
      own.forEach((value, at) => {
        oneByOne[at] = (oneByOne[at] ?? 0) + value
      })
    }
    expect(oneByOne).toEqual(total)
  })

  it('of persons add up to those of each person alone', async () => {
    // Rows of unlike lengths, so that a person's stand in several microbatches, each with rows of others.
    const persons = [[0, 3, 2], [1], [4]]
    const total = await sumOf(
      persons.flat(),
      persons.map(({ length }) => length),
    )
    const alone = new Float64Array(total.length)
    for (const rows of persons) {
      const own = await sumOf(rows, [rows.length])
      own.forEach((value, at) => {
        alone[at] = (alone[at] ?? 0) + value
      })
    }
    expect(alone).toEqual(total)
    expect(total).not.toEqual(await sumOf(persons.flat()))
  })

  it('are zeros for a batch without examples', async () => {
    const sum = await sumOf([])
    expect(sum.length).toBe(prompt.length + 3)
    expect(sum.every((value) => value === 0)).toBe(true)
  })
})
