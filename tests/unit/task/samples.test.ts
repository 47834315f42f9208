import { existsSync, readFileSync, statSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { PublicSets } from '../../../workers/host/store/publicSets.ts'
import { ClassifyTask } from '../../../workers/protocol/task.ts'
import { createEncoder } from '../../../workers/task/encoder.ts'
import { requireLabelWords } from '../../../workers/task/labelWords.ts'
import { readDataset } from '../../../workers/task/read/readDataset.ts'
import { prepareRows, requireClasses } from '../../../workers/task/rows.ts'
import { demoTokenizer } from '../model/support.ts'

const folder = fileURLToPath(new URL('../../../public/samples/', import.meta.url))
const readJson = (name: string): unknown => JSON.parse(readFileSync(folder + name, 'utf8'))
const File = z.strictObject({ name: z.string(), rows: z.int() })
const Index = z.strictObject({
  samples: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      description: z.string(),
      german: z.strictObject({ name: z.string(), description: z.string() }),
      task: ClassifyTask,
      files: z.strictObject({ train: File, heldOut: File }),
      textColumn: z.string(),
      labelColumn: z.string(),
      publicSet: z.string(),
      licence: z.string(),
      attribution: z.string(),
    }),
  ),
})
const { samples } = Index.parse(readJson('index.json'))

describe.each(samples)('sample $id', (sample) => {
  const { task } = sample
  const tokenizer = demoTokenizer()

  test('has label words that are single tokens, each of one class', () => {
    const tokens = requireLabelWords(task, tokenizer).flat()
    expect(new Set(tokens).size).toBe(tokens.length)
    for (const token of tokens) expect(tokenizer.decode([token])).toMatch(/^ [a-z]+$/)
  })

  test.each([sample.files.train, sample.files.heldOut])('has rows of its classes alone: $name', ({ name, rows }) => {
    const bytes = new Uint8Array(readFileSync(folder + name))
    const { examples } = readDataset({ name, bytes }, { text: sample.textColumn, label: sample.labelColumn })
    const prepared = prepareRows(task, examples, { keepDuplicates: true })
    requireClasses(task, prepared)
    expect(prepared.rows).toHaveLength(rows)
    expect(new Set(prepared.rows.map(({ classIndex }) => classIndex)).size).toBe(Object.keys(task.labels).length)
  })

  test('has rows that fit the demo models beside a prompt', () => {
    const { name } = sample.files.train
    const { examples } = readDataset({ name, bytes: new Uint8Array(readFileSync(folder + name)) }, {})
    const encoder = createEncoder({ task, tokenizer, contextLength: 256, promptLength: 20 })
    expect(examples.filter(({ text }) => encoder.encode(text).cut)).toEqual([])
  })

  test('has a public set that the host offers', async () => {
    const sets = await PublicSets.open(`${folder}public-sets.json`, () => undefined)
    const set = sets.file(sample.publicSet)
    expect(existsSync(set.path)).toBe(true)
  })

  test('has its task as a file too', () => {
    expect(readJson(`${sample.id}-task.json`)).toEqual(task)
  })
})

test('each intent of the fold falls into a class of the task', () => {
  const fold = z.record(z.string(), z.string()).parse(readJson('banking-fold.json'))
  expect(Object.keys(fold)).toHaveLength(77)
  const banking = samples.find(({ id }) => id === 'banking')
  expect([...new Set(Object.values(fold))].sort()).toEqual(Object.keys(banking?.task.labels ?? {}).sort())
})

test('every public set is described in German too', async () => {
  const sets = await PublicSets.open(`${folder}public-sets.json`, () => undefined)
  expect(sets.list().filter(({ german }) => german === undefined)).toEqual([])
})

test('the samples stay small enough to be served', () => {
  const size = readdirSync(folder).reduce((sum, name) => sum + statSync(folder + name).size, 0)
  expect(size).toBeLessThan(3_000_000)
})
