import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parsePlan } from '../../../workers/evaluate/study/plan.ts'
import { FolderGround } from '../../../workers/host/study/ground.ts'
import type { Engine } from '../../../workers/pool/types.ts'

let folder = ''
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'softpost-ground-'))))
afterAll(async () => await rm(folder, { recursive: true }))

function rowOf({ text }: { readonly text: string }): number {
  return Number(text.slice('text '.length))
}

/** Reading rows computes nothing. */
const idle = {} as Engine

test('finer labels make the classes, and each tenth row is measured on where there is no test file', async () => {
  const lines = Array.from({ length: 40 }, (_, row) => {
    const label = ['beef', 'bread', 'piano', 'unnamed'][row % 4]
    return JSON.stringify({ text: `text ${row}`, label })
  })
  await writeFile(join(folder, 'rows.jsonl'), lines.join('\n'))
  const task = {
    task: { template: '{text} It was', labels: { food: ['food'], music: ['music'] }, initText: 'x' },
    train: 'rows.jsonl',
    publicSets: {},
    fold: { food: ['beef', 'bread'], music: ['piano'] },
  }
  const ground = await groundOf({ meals: task })
  const { train, test: measured } = await ground.data('meals')
  expect([train.length, measured.length]).toEqual([27, 3])
  for (const row of [...train, ...measured]) expect(row.classIndex).toBe(rowOf(row) % 4 === 2 ? 1 : 0)
  const all = [...train, ...measured].map(rowOf)
  expect(new Set(all).size).toBe(30)
  expect(all.some((row) => row % 4 === 3)).toBe(false)
})

async function groundOf(tasks: object): Promise<FolderGround> {
  const plan = parsePlan(
    {
      version: 1,
      title: 'T',
      teacher: resolve(import.meta.dirname, '../../../models/demo-teacher'),
      students: {},
      tasks,
      tables: [{ id: 'a', title: 'A', methods: ['zero-shot'] }],
    },
    'plan.json',
  )
  const planFile = join(folder, 'plan.json')
  return await FolderGround.open({
    engine: idle,
    plan,
    planFile,
    students: {},
    out: folder,
    onProgress: () => undefined,
  })
}
