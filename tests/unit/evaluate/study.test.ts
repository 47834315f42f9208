import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { allCells, cellsOf, promptKey } from '../../../workers/evaluate/study/cells.ts'
import { requestFor } from '../../../workers/evaluate/study/prompts.ts'
import { makePlan } from '../../../workers/tune/plan.ts'
import { originOf, parsePlan, type StudyPlan } from '../../../workers/evaluate/study/plan.ts'
import type { DistillRecord } from '../../../workers/distill/run.ts'
import { runOf } from '../../../workers/evaluate/study/students.ts'
import { summarise } from '../../../workers/evaluate/study/summary.ts'
import { studyMarkdown } from '../../../workers/evaluate/study/markdown.ts'
import type { CellResult } from '../../../workers/evaluate/study/types.ts'
import { cellText, type Cell } from '../../../workers/evaluate/study/cells.ts'

const TASK = { template: '{text} It was', labels: { a: ['good'], b: ['bad'] }, initText: 'x' }

function planWith(tables: readonly object[], texts: object = {}): StudyPlan {
  return parsePlan(
    {
      version: 1,
      title: 'T',
      teacher: 't',
      students: { one: 's1', two: 's2' },
      tasks: { x: { task: TASK, train: 'a', test: 'b', publicSets: { p: 'c', q: 'd' } } },
      texts,
      tables,
    },
    'plan.json',
  )
}

test('a method has cells of what it depends on alone', () => {
  const plan = planWith([
    {
      id: 'all',
      title: 'All',
      methods: ['zero-shot', 'student-zero-shot', 'full', 'compressed', 'post'],
      epsilons: [null, 8],
      seeds: [0, 1],
      publicSets: ['p', 'q'],
      settings: { promptLength: 5 },
      sweep: { alpha: [0, 1] },
    },
  ])
  const count = (method: string): number => allCells(plan).filter((cell) => cell.method === method).length
  expect(count('zero-shot')).toBe(1)
  expect(count('student-zero-shot')).toBe(2)
  expect(count('full')).toBe(4)
  expect(count('compressed')).toBe(8)
  // Two students, ε, seeds, public sets and α.
  expect(count('post')).toBe(32)
})

test('attacks on training data take the plan’s texts, all else its tasks', () => {
  const table = { id: 'a', title: 'A', methods: ['zero-shot', 'teacher-leakage', 'student-leakage'] }
  const plan = planWith([table], { seen: { members: 'm', others: 'o' } })
  expect(allCells(plan).map(({ task, method, student }) => [task, method, student])).toEqual([
    ['x', 'zero-shot', null],
    ['seen', 'teacher-leakage', null],
    ['seen', 'student-leakage', 'one'],
    ['seen', 'student-leakage', 'two'],
  ])
  expect(() => planWith([table], { x: { members: 'm', others: 'o' } })).toThrow(/x names a task and texts/)
})

test('a warm start makes the public set part of a prompt', () => {
  const table = { id: 'a', title: 'A', methods: ['compressed'], students: ['one'], publicSets: ['p', 'q'] }
  const warm = planWith([{ ...table, settings: { warmSteps: 3 } }])
  expect(allCells(warm).map((cell) => promptKey(cell)?.publicSet)).toEqual(['p', 'q'])
  expect(allCells(planWith([table])).map((cell) => promptKey(cell)?.publicSet)).toEqual([undefined])
})

test('tables share cells, and methods share prompts', () => {
  const table = { title: 'T', methods: ['compressed', 'direct', 'post'], students: ['one'] }
  const plan = planWith([
    { ...table, id: 'a' },
    { ...table, id: 'b' },
  ])
  const cells = allCells(plan)
  expect(cells).toHaveLength(3)
  expect(new Set(cells.map((cell) => JSON.stringify(promptKey(cell)))).size).toBe(1)
})

test('repetitions are one row with mean and spread', () => {
  const plan = planWith([{ id: 'a', title: 'A | B', methods: ['compressed'], students: ['one'], seeds: [0, 1, 2] }])
  const [table] = plan.tables
  if (!table) throw new Error('no table')
  const results = new Map(cellsOf(plan, table).map((cell, at) => [cellText(cell), resultOf(cell, [0.5, 0.6, 0.7][at])]))
  const [row] = summarise(plan, table, results)
  expect(row?.accuracy?.mean).toBeCloseTo(0.6, 12)
  expect(row?.accuracy?.deviation).toBeCloseTo(0.1, 12)
  expect(studyMarkdown(plan, [[table, row ? [row] : []]], [])).toContain('60.0 ± 10.0')
})

function resultOf(cell: Cell, accuracy = 0): CellResult {
  return {
    cell,
    n: 10,
    accuracy,
    macroF1: accuracy,
    recall: {},
    attack: null,
    epsilon: null,
    alpha: null,
    publicLoss: null,
    cost: { tune: { seconds: 1, flops: 1 }, transfer: null, measure: { seconds: 1, flops: 1 } },
    backend: 'wasm',
  }
}

test('clipping alone is a private run without its noise', () => {
  const [clipped, noisy] = (['clip', 8] as const).map((epsilon) =>
    makePlan(requestFor({ epsilon, settings: { steps: 7 } }, 400), { task: TASK, trainRows: 400, heldOutRows: 0 }),
  )
  expect(clipped).toEqual({ ...noisy, privacy: null, checkpointEvery: clipped?.checkpointEvery })
})

test('a student that is to be made takes from the plan what it does not say itself', () => {
  const distillation = { corpus: ['texts.txt'], steps: 9, weights: '5,2,1' }
  const json = {
    ...planWith([{ id: 'a', title: 'A', methods: ['compressed'] }]),
    distillation,
    students: { there: 'folder', made: { layers: '0', weights: '0,2,0' } },
  }
  const plan = parsePlan(json, 'p')
  expect(originOf(plan, 'there')).toEqual({ kind: 'folder', path: 'folder' })
  const recipe = { ...distillation, layers: '0', weights: '0,2,0' }
  expect(originOf(plan, 'made')).toEqual({ kind: 'made', recipe, milestones: [] })
  expect(() => parsePlan({ ...plan, students: { made: { steps: 3 } } }, 'p')).toThrow(/student made.*layers/)
})

/** Beside `whole`, of 9 steps. */
const withStudents = (students: StudyPlan['students']) => ({
  ...planWith([{ id: 'a', title: 'A', methods: ['compressed'] }]),
  distillation: { layers: '0', steps: 9 },
  students: { whole: {}, ...students },
})

test('a student on the way to another one is of a run that is longer', () => {
  const plan = parsePlan(withStudents({ late: { of: 'whole', at: 8 }, early: { of: 'whole', at: 2 } }), 'p')
  expect(originOf(plan, 'early')).toEqual({ kind: 'milestone', of: 'whole', at: 2 })
  expect(originOf(plan, 'whole')).toMatchObject({ kind: 'made', milestones: [2, 8] })
  const wrong: StudyPlan['students'][] = [
    { some: { of: 'whole', at: 9 } },
    { some: { of: 'some', at: 1 } },
    { some: { of: 'none', at: 1 } },
    { one: { of: 'whole', at: 3 }, some: { of: 'one', at: 2 } },
    { one: 'folder', some: { of: 'one', at: 2 } },
  ]
  for (const students of wrong) {
    expect(() => parsePlan(withStudents(students), 'p')).toThrow(/student some: \w+ is not made in more than \d steps/)
  }
})

function lossesOf(step: number): DistillRecord {
  return { step, tokens: 10 * step, loss: 1, rate: 1, ce: step, lm: 0, cos: 0 }
}

test('what a distillation came to is read off its losses', () => {
  const measured = { step: 40, tokens: 400, perplexity: 99, teacherPerplexity: 60, agreement: 0.4 }
  const steps = Array.from({ length: 40 }, (_, at) => lossesOf(at + 1))
  // The mean of steps 16 to 40.
  expect(runOf([...steps, measured])).toEqual({
    steps: 40,
    tokens: 400,
    teacherLoss: 28,
    perplexity: 99,
    agreement: 0.4,
  })
  expect(runOf([])).toBeNull()
})

test.each([
  ['an unknown method', { id: 'a', title: 'A', methods: ['magic'] }, /methods/],
  ['an unknown task', { id: 'a', title: 'A', methods: ['post'], tasks: ['y'] }, /task y is not in the plan/],
  ['an unknown student', { id: 'a', title: 'A', methods: ['post'], students: ['y'] }, /student y/],
  ['an unknown field', { id: 'a', title: 'A', methods: ['post'], color: 1 }, /color|tables/],
  ['tokens of no kind', { id: 'a', title: 'A', methods: ['post'], sweep: { support: ['some'] } }, /support/],
  ['α beyond 1', { id: 'a', title: 'A', methods: ['post'], sweep: { alpha: [2] } }, /alpha/],
])('refuses %s', (_what, table, message) => {
  expect(() => planWith([table])).toThrow(message)
})

test.each(['quick', 'paper', 'defaults', 'distillation', 'leakage', 'extract'])('the %s plan is one', (name) => {
  const json = JSON.parse(readFileSync(new URL(`../../../plans/${name}.json`, import.meta.url), 'utf8')) as unknown
  expect(allCells(parsePlan(json, name)).length).toBeGreaterThan(2)
})
