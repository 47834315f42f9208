/** `softpost evaluate` as a whole: a small plan on the demo models, stopped and gone on with. */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { MadeStudent } from '../../workers/evaluate/study/students.ts'
import { evaluateCommand } from '../../workers/host/cli/evaluate.ts'
import { rejectionOf } from '../unit/model/support.ts'

const root = resolve(import.meta.dirname, '../..')

let folder = ''
let plan = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-evaluate-'))
  plan = join(folder, 'plan.json')
  await writeFile(join(folder, 'seen.txt'), 'it was a good film\nthe bank sent me a new card\n')
  await writeFile(join(folder, 'unseen.txt'), 'qx zz 9 vw jk\n}{ xq ;; zv ~\n')
  await writeFile(join(folder, 'colours.csv'), 'text,answer\na red house,red\na blue car,blue\na green tree,green\n')
  const lines = Array.from({ length: 120 }, (_, at) => `text ${at} of a small corpus about the bank, films and news`)
  await writeFile(join(folder, 'corpus.txt'), `${lines.join('\n')}\n`)
  await writeFile(plan, JSON.stringify(planOf(['zero-shot', 'compressed', 'arithmetic', 'post'])))
})
afterAll(async () => await rm(folder, { recursive: true }))

const made = { cut: {}, halfway: { of: 'trained', at: 2 }, trained: { layers: '0', steps: 3, weights: '5,2,0' } }

function planOf(methods: readonly string[]) {
  const sample = (name: string) => join(root, 'public/samples', name)
  return {
    version: 1,
    title: 'Small',
    teacher: join(root, 'models/demo-teacher'),
    students: { demo: join(root, 'models/demo-student'), later: join(folder, 'not-made-yet'), ...made },
    distillation: { layers: '0,5', corpus: ['corpus.txt'], batch: 2, steps: 0 },
    tasks: {
      banking: {
        task: sample('banking-task.json'),
        train: sample('banking.csv'),
        trainRows: 200,
        test: sample('banking-heldout.csv'),
        testRows: 24,
        publicSets: { clinc150: sample('clinc150.jsonl'), labelled: sample('banking-heldout.csv') },
      },
      colours: {
        task: { kind: 'extract', template: '{text} is', end: '.', maxAnswerTokens: 3, initText: 'Say which colour.' },
        train: join(folder, 'colours.csv'),
        test: join(folder, 'colours.csv'),
        publicSets: { clinc150: sample('clinc150.jsonl') },
      },
    },
    texts: { words: { members: 'seen.txt', others: 'unseen.txt' } },
    settings: { promptLength: 4, steps: 2, batch: 8, transferSteps: 2, publicTexts: 8, alpha: 0.5 },
    tables: [
      { id: 'methods', title: 'Methods', methods, tasks: ['banking'], students: ['demo'], epsilons: ['clip', 8] },
      {
        id: 'answers',
        title: 'Answers',
        methods: ['compressed', 'post'],
        tasks: ['colours'],
        students: ['demo'],
        settings: { batch: 2 },
      },
      {
        id: 'bare',
        title: 'No texts',
        methods: ['zero-shot-transfer'],
        tasks: ['banking'],
        students: ['demo'],
        epsilons: [8],
      },
      {
        id: 'warm',
        title: 'Public rows first',
        methods: ['compressed'],
        tasks: ['banking'],
        students: ['demo'],
        publicSets: ['labelled'],
        settings: { warmSteps: 1 },
      },
      { id: 'leakage', title: 'Leakage', methods: ['teacher-leakage', 'student-leakage'], students: ['demo'] },
      {
        id: 'made',
        title: 'Students of this plan',
        methods: ['student-zero-shot'],
        tasks: ['banking'],
        students: Object.keys(made),
      },
      {
        id: 'later',
        title: 'A student to come',
        methods: ['student-zero-shot'],
        tasks: ['banking'],
        students: ['later'],
      },
    ],
  }
}

async function run(out: string, ...more: readonly string[]): Promise<{ cells: number; measured: number }> {
  const written: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    const args = ['--plan', plan, '--out', out, '--backend', 'wasm', '--json', ...more]
    expect(await evaluateCommand.run(args)).toBe(0)
  } finally {
    write.mockRestore()
  }
  return JSON.parse(written.join('').trimEnd().split('\n').at(-1) ?? '') as { cells: number; measured: number }
}

type Row = {
  readonly method: string
  readonly n: number
  readonly accuracy: { readonly mean: number } | null
  readonly exactMatch: { readonly mean: number } | null
  readonly wordF1: { readonly mean: number } | null
  readonly auc: { readonly mean: number } | null
}

async function tableOf(out: string, id: string): Promise<readonly Row[]> {
  const tables = JSON.parse(await readFile(join(out, 'tables.json'), 'utf8')) as { id: string; rows: Row[] }[]
  return tables.find((table) => table.id === id)?.rows ?? []
}

describe('softpost evaluate', () => {
  test('measures every cell once, shares prompts between methods, and writes tables', async () => {
    const out = join(folder, 'whole')
    // Zero-shot has neither ε nor student: one cell; three methods with two budgets each; and ten of other tables.
    expect(await run(out, '--table', 'methods')).toMatchObject({ cells: 17, measured: 7 })
    expect(await readdir(join(out, 'prompts'))).toHaveLength(2)
    const rows = await tableOf(out, 'methods')
    expect(rows.map(({ method }) => method)).toEqual([
      'zero-shot',
      ...['compressed', 'arithmetic', 'post'].flatMap((method) => [method, method]),
    ])
    for (const { accuracy, n } of rows) {
      expect(n).toBe(24)
      expect(Number.isInteger((accuracy?.mean ?? Number.NaN) * 24)).toBe(true)
    }
    const markdown = await readFile(join(out, 'tables.md'), 'utf8')
    expect(markdown).toContain('teacher, transferred prompt')
    expect(await readFile(join(out, 'methods.svg'), 'utf8')).toMatch(/^<svg /)
    const more = ['--resume', ...['methods', 'answers', 'bare', 'warm', 'leakage'].flatMap((id) => ['--table', id])]
    expect(await run(out, ...more)).toMatchObject({ measured: 6 })
    for (const { accuracy, exactMatch, wordF1, n } of await tableOf(out, 'answers')) {
      expect([n, accuracy]).toEqual([3, null])
      expect(exactMatch?.mean).toBeLessThanOrEqual(wordF1?.mean ?? Number.NaN)
    }
    // Two budgets, the answers', and one that began elsewhere.
    expect(await readdir(join(out, 'prompts'))).toHaveLength(4)
    const leakage = await tableOf(out, 'leakage')
    expect(leakage.map(({ method, n }) => [method, n])).toEqual([
      ['teacher-leakage', 4],
      ['student-leakage', 4],
    ])
    // Sentences against signs and letters.
    for (const { auc } of leakage) expect(auc?.mean).toBeGreaterThan(0.5)
    // Nothing is measured twice, in parts neither; a cell that is gone alone is measured again.
    expect(await run(out, ...more)).toMatchObject({ measured: 0 })
    const [gone = ''] = await readdir(join(out, 'cells'))
    await rm(join(out, 'cells', gone))
    const parts = [await run(out, ...more, '--part', '1/2'), await run(out, ...more, '--part', '2/2')]
    expect(parts.map(({ measured }) => measured).reduce((sum, count) => sum + count, 0)).toBe(1)
  }, 300_000)

  test('makes the students that the plan describes, once', async () => {
    const out = join(folder, 'made')
    const table = ['--table', 'made']
    // The cells may all be of one part; the other has nothing to make.
    const parts = ['1/2', '2/2'].map((part) => async () => await run(out, ...table, '--part', part))
    const refusals: string[] = []
    for (const measure of parts) await measure().catch((error: Error) => refusals.push(error.message))
    expect(refusals.join(' ')).toMatch(/student \w+ is not made yet; run once without --part/)
    expect(await run(out, ...table, '--resume')).toMatchObject({ measured: 3 })
    const folders = (await readdir(join(out, 'students'))).filter((name) => !name.includes('.losses.'))
    const places = folders.map((name) => name.replace(/-[0-9a-f]+/, '')).toSorted()
    expect(places).toEqual(['cut', 'trained', 'trained.step-2'])
    const [cut, halfway, trained] = JSON.parse(await readFile(join(out, 'students.json'), 'utf8')) as MadeStudent[]
    expect([cut?.run, halfway?.run?.steps, trained?.run?.steps]).toEqual([null, 2, 3])
    expect(halfway?.run?.perplexity).toBeGreaterThan(trained?.run?.perplexity ?? Number.NaN)
    expect(trained?.run?.perplexity).toBeGreaterThan(1)
    expect(await readFile(join(out, 'tables.md'), 'utf8')).toContain('| trained | 0 | 5,2,0 | nothing | 3 |')
    // Neither made nor measured again.
    const before = await readdir(join(out, 'students'))
    expect(await run(out, ...table, '--resume', '--part', '1/1')).toMatchObject({ measured: 0 })
    expect(await readdir(join(out, 'students'))).toEqual(before)
  }, 120_000)

  test.each([
    ['a folder with results', () => ['--plan', plan, '--out', folder], /earlier results.*--resume/],
    ['a part that is none', () => ['--plan', plan, '--out', join(folder, 'x'), '--part', '3/2'], /--part 3\/2/],
    [
      'a table that is none',
      () => ['--plan', plan, '--out', join(folder, 'x'), '--table', 'no'],
      /methods, answers, bare, warm, leakage, made, later/,
    ],
    ['a missing plan', () => ['--plan', join(folder, 'none.json'), '--out', join(folder, 'x')], /no file/],
  ])('refuses %s', async (_what, args, message) => {
    expect((await rejectionOf('usage', evaluateCommand.run(args()))).message).toMatch(message)
  })
})
