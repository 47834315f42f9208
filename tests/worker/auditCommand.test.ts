/** Audits of real rows, from the command line: small ones, whose figures are not the point. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { auditCommand } from '../../workers/host/cli/audit.ts'
import { LedgerFile } from '../../workers/host/ledger/ledgerFile.ts'
import { Ledger } from '../../workers/privacy/ledger/ledger.ts'
import type { ErrorCode } from '../../workers/protocol/errors.ts'
import { DEMO_STUDENT, rejectionOf } from '../unit/model/support.ts'
import { sampleFile } from './support.ts'

const TASK = fileURLToPath(new URL('../../public/samples/banking-task.json', import.meta.url))
let folder = ''
let data = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-audit-'))
  data = join(folder, 'rows.csv')
  await writeFile(data, new Uint8Array(await (await sampleFile(60)).arrayBuffer()))
})
afterAll(async () => await rm(folder, { recursive: true }))

const base = () => ['--model', DEMO_STUDENT, '--task', TASK, '--data', data, '--backend', 'wasm']
const tiny = ['--steps', '3', '--batch', '8', '--length', '4']

async function report(args: readonly string[]): Promise<Record<string, unknown>> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    expect(await auditCommand.run([...args, '--json'])).toBe(0)
  } finally {
    out.mockRestore()
  }
  return JSON.parse(written.join('')) as Record<string, unknown>
}

test('made-up texts in a run, which is an audit in the ledger and spends its budget', async () => {
  const ledgerFile = join(folder, 'ledger')
  const options = ['--texts', '24', '--epsilon', '2', '--ledger', ledgerFile]
  const { texts } = await report([...options, ...base(), ...tiny])
  expect(texts).toMatchObject({ canaries: 24, guesses: 12, steps: 3, batchSize: 8, delta: 1e-5, confidence: 0.95 })
  const file = await LedgerFile.open(ledgerFile)
  const [entry, ...others] = [...(await new Ledger(file).entries()).values()]
  file.close()
  expect(others).toEqual([])
  expect(entry).toMatchObject({ stepsSpent: 3, released: false, isOver: true })
  expect(entry?.run).toMatchObject({ purpose: 'audit', dataName: 'rows.csv' })
  expect(entry?.run.mechanism?.epsilon).toBeLessThanOrEqual(2)
  await rejectionOf('ledger', auditCommand.run([...options, '--file-budget', '2.1', ...base(), ...tiny]))
})

test('an attack on prompts, whose figures count as seen', async () => {
  const options = ['--lira', '--shadows', '6', '--rows', '32', ...base(), ...tiny]
  const { lira } = await report(options)
  expect(lira).toMatchObject({ shadows: 6, rows: 32, steps: 3, delta: 1e-5 })
  expect(await seenRowsOf(join(folder, '.softpost-ledger'))).toBe(true)
})

/** Whether certificates of prompts from rows of the ledger say that exact figures of them were seen. */
async function seenRowsOf(path: string): Promise<boolean> {
  const file = await LedgerFile.open(path)
  try {
    const ledger = new Ledger(file)
    const sets = [...(await file.readUnits()).values()]
    return (await Promise.all(sets.map((units) => ledger.isSeen(units)))).some(Boolean)
  } finally {
    file.close()
  }
}

describe('refuses', () => {
  test.each<[ErrorCode, string[]]>([
    ['usage', ['--texts', '5']],
    ['usage', ['--texts', '1.5']],
    ['usage', ['--lira', '--shadows', '5']],
    ['usage', ['--lira', '--rows', '10', '--batch', '4']],
    ['privacy-argument', ['--lira', '--batch', '100']],
    ['usage', ['--lira', '--data', '/no/such/file.csv']],
  ])('%s for %j', async (code, options) => {
    await rejectionOf(code, auditCommand.run([...base(), ...tiny.slice(0, 2), '--length', '4', ...options]))
  })
})
