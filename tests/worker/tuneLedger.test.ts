import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ledgerCommand } from '../../workers/host/cli/ledger.ts'
import { tuneCommand } from '../../workers/host/cli/tune.ts'
import { BudgetFile, type LedgerReport } from '../../workers/protocol/ledger.ts'
import { DEMO_STUDENT, rejectionOf } from '../unit/model/support.ts'
import { sampleFile } from './support.ts'

const TASK = fileURLToPath(new URL('../../public/samples/banking-task.json', import.meta.url))
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-tune-ledger-'))
  await writeFile(join(folder, 'rows.csv'), await (await sampleFile(90)).bytes())
  // Renamed, shuffled, and one row less.
  const [header = '', ...rows] = (await readFile(join(folder, 'rows.csv'), 'utf8')).trim().split('\n')
  await writeFile(join(folder, 'copy.csv'), [header, ...rows.slice(1).toReversed()].join('\n'))
})
afterAll(async () => await rm(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
let outs = 0
const tuning = (data: string, ...options: string[]) => {
  const out = at(`out-${outs++}`)
  const tiny = ['--steps', '2', '--batch', '8', '--length', '4', '--backend', 'wasm']
  return ['--model', DEMO_STUDENT, '--task', TASK, '--data', at(data), '--out', out, ...tiny, ...options]
}

async function reportOf(ledger: string): Promise<LedgerReport> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    expect(await ledgerCommand.run(['--ledger', at(ledger), '--json'])).toBe(0)
  } finally {
    out.mockRestore()
  }
  return JSON.parse(written.join('')) as LedgerReport
}

test('tune adds runs up over copies of a file, and refuses one beyond its budget before anything is computed', async () => {
  const ledger = ['--ledger', at('named')]
  expect(await tuneCommand.run(tuning('rows.csv', ...ledger))).toBe(0)
  expect(await tuneCommand.run(tuning('copy.csv', ...ledger, '--epsilon', '6', '--file-budget', '13.5'))).toBe(0)
  const beyond = tuning('rows.csv', ...ledger)
  const { message } = await rejectionOf('ledger', tuneCommand.run(beyond))
  expect(message).toContain("above the file's budget of 13.5")
  await expect(stat(at(`out-${outs - 1}`))).rejects.toThrow('ENOENT')
  const { intact, files } = await reportOf('named')
  expect(intact).toBe(true)
  expect(files).toHaveLength(1)
  expect(files[0]).toMatchObject({ name: 'copy.csv', budget: { runs: 2, plainReleased: false } })
  expect(files[0]?.runs.map(({ run, stepsSpent, released }) => [run.dataName, stepsSpent, released])).toEqual([
    ['copy.csv', 2, true],
    ['rows.csv', 2, true],
  ])
  // Sides are those of the first run: as many units are trained on, less the one that is gone.
  const [second, first] = files[0]?.runs.map(({ run }) => run) ?? []
  expect((first?.size ?? 0) - (second?.size ?? 0)).toBe(1)
  const trained = [first, second].map((run) => 8 / (run?.mechanism?.sampleRate ?? 1))
  expect(Math.round((trained[0] ?? 0) - (trained[1] ?? 0))).toBeLessThanOrEqual(1)
})

test('without --ledger runs are kept beside the data, and a run without DP marks the file', async () => {
  expect(await tuneCommand.run(tuning('rows.csv', '--no-dp', '--seed', '3'))).toBe(0)
  const { files } = await reportOf('.softpost-ledger')
  expect(files).toMatchObject([{ name: 'rows.csv', budget: { spent: 0, plainRuns: 1, plainReleased: true } }])
  // A slip of the text column ends before a step, and leaves nothing to pay.
  await rejectionOf('text-too-long', tuneCommand.run(tuning('rows.csv', '--length', '1000')))
  expect((await reportOf('.softpost-ledger')).files[0]?.budget.spent).toBe(0)
})

test('ledger writes a budget file and merges it elsewhere', async () => {
  const saved = at('rows.budget.json')
  const quiet = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    await ledgerCommand.run(['--ledger', at('named'), '--data', at('rows.csv'), '--save', saved])
    await ledgerCommand.run(['--ledger', at('other'), '--data', at('copy.csv'), '--merge', saved])
  } finally {
    quiet.mockRestore()
  }
  expect(BudgetFile.parse(JSON.parse(await readFile(saved, 'utf8')))).toMatchObject({ budget: { epsilon: 13.5 } })
  const [there, here] = [await reportOf('named'), await reportOf('other')].map(({ files }) => files[0]?.budget)
  expect(here?.runs).toBe(there?.runs)
  expect(here?.spent).toBeCloseTo(there?.spent ?? 0, 9)
  await rejectionOf('usage', ledgerCommand.run(['--ledger', at('none')]))
  await rejectionOf('usage', ledgerCommand.run(['--ledger', at('named'), '--save', saved]))
  await rejectionOf(
    'ledger',
    ledgerCommand.run(['--ledger', at('x'), '--data', at('rows.csv'), '--merge', at('rows.csv')]),
  )
})
