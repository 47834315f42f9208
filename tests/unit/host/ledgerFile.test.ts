import { spawn } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LedgerFile } from '../../../workers/host/ledger/ledgerFile.ts'
import { defaultLedgerPath } from '../../../workers/host/ledger/ledgerPath.ts'
import { Ledger } from '../../../workers/privacy/ledger/ledger.ts'
import { rejectionOf } from '../model/support.ts'
import { newRun, setOf, textsOf } from '../privacy/ledger/support.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-ledger-'))
})
afterAll(async () => await rm(folder, { recursive: true }))

const texts = textsOf(0, 60)

/** Opens the ledger as one command does, and closes it as at its end. */
async function withLedger<T>(path: string, act: (ledger: Ledger, file: LedgerFile) => Promise<T>): Promise<T> {
  const file = await LedgerFile.open(path)
  try {
    return await act(new Ledger(file), file)
  } finally {
    file.close()
  }
}

describe('a ledger in a file', () => {
  test('keeps everything from one command to the next, for its owner alone', async () => {
    const path = join(folder, 'kept')
    const [one, two] = [newRun(), newRun(null)]
    const before = await withLedger(path, async (ledger, file) => {
      const units = await setOf(texts, file.sign)
      await ledger.reserve(units, [one, two])
      await ledger.spend(one.id, 40)
      await rejectionOf('internal', ledger.spend(one.id, 40))
      await ledger.markReleased(two.id)
      await ledger.end(one.id)
      await ledger.setBudget(units, 7)
      return { budget: await ledger.budget(units), report: await ledger.report() }
    })
    expect((await stat(path)).mode % 0o1000).toBe(0o600)
    await withLedger(path, async (ledger, file) => {
      const units = await setOf([...texts.toReversed(), 'one more'], file.sign)
      expect(await ledger.budget(units)).toEqual(before.budget)
      expect(before.budget).toMatchObject({ budget: 7, runs: 1, plainReleased: true, intact: true, saved: false })
      expect(await ledger.report()).toEqual(before.report)
      expect(await ledger.entry(one.id)).toMatchObject({ stepsSpent: 40, isOver: true })
      expect((await ledger.open(texts, 1, { fill: (bytes) => void bytes.fill(0) })).kept).toBe(60)
      await ledger.save(units, 'rows.csv')
      expect((await ledger.budget(units)).saved).toBe(true)
    })
  })

  test('that was edited by hand is not trusted', async () => {
    const path = join(folder, 'edited')
    await withLedger(path, async (ledger, file) => {
      const units = await setOf(texts, file.sign)
      for (let run = 0; run < 3; run++) await ledger.reserve(units, [newRun()])
    })
    const database = new DatabaseSync(path)
    database.exec('DELETE FROM links WHERE place = 2')
    database.close()
    await withLedger(path, async (ledger, file) => {
      const units = await setOf(texts, file.sign)
      await rejectionOf('ledger', ledger.reserve(units, [newRun()]))
      await ledger.mend()
      await ledger.reserve(units, [newRun()])
      expect(await ledger.budget(units)).toMatchObject({ runs: 3, intact: true })
    })
  })

  test('is not made of a file that is something else', async () => {
    const other = join(folder, 'notes.txt')
    await writeFile(other, 'not a ledger at all, '.repeat(99))
    await rejectionOf('ledger', LedgerFile.open(other))
    const database = join(folder, 'other.db')
    new DatabaseSync(database).exec('CREATE TABLE mine (a)')
    await rejectionOf('ledger', LedgerFile.open(database))
    await rejectionOf('storage', LedgerFile.open(join(folder, 'no', 'folder')))
  })

  test('stands beside the data where nobody names it', async () => {
    const data = join(folder, 'rows.csv')
    expect(await defaultLedgerPath(data, join(folder, 'out', 'prompt'))).toBe(join(folder, '.softpost-ledger'))
    expect(await defaultLedgerPath('/no/such/rows.csv', join(folder, 'out', 'prompt'))).toBe(
      join(folder, 'out', '.softpost-ledger'),
    )
  })
})

test('processes that reserve at the same time cannot spend the same budget', async () => {
  const path = join(folder, 'shared')
  const script = join(folder, 'reserve.mjs')
  await writeFile(
    script,
    `import { LedgerFile } from ${quoted('workers/host/ledger/ledgerFile.ts')}
import { Ledger } from ${quoted('workers/privacy/ledger/ledger.ts')}
import { newRun, setOf, textsOf } from ${quoted('tests/unit/privacy/ledger/support.ts')}
const file = await LedgerFile.open(${JSON.stringify(path)})
const ledger = new Ledger(file, { defaultBudget: 2.5 })
const units = await setOf(textsOf(0, 60), file.sign)
let reserved = 0
for (let run = 0; run < 3; run++) await ledger.reserve(units, [newRun()]).then(() => reserved++, (error) => error.code === 'ledger' || process.exit(9))
process.stdout.write(String(reserved))
`,
  )
  const outcomes = await Promise.all(Array.from({ length: 3 }, () => outputOf(script)))
  const reserved = outcomes.reduce((sum, output) => sum + Number(output), 0)
  await withLedger(path, async (ledger, file) => {
    const { runs, spent } = await ledger.budget(await setOf(texts, file.sign))
    expect(runs).toBe(reserved)
    expect(runs).toBeGreaterThan(1)
    expect(spent).toBeLessThanOrEqual(2.5)
    expect((await ledger.forecast(await setOf(texts, file.sign), newRun())).total).toBeGreaterThan(2.5)
  })
})

/** A module of the repository, as a script elsewhere imports it. */
function quoted(name: string): string {
  return JSON.stringify(new URL(`../../../${name}`, import.meta.url).href)
}

async function outputOf(script: string): Promise<string> {
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))))
  })
  return output
}
