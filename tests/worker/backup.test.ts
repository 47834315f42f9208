import { describe, expect, test } from 'vitest'
import { BackupFile } from '../../workers/protocol/backup.ts'
import {
  answerOf,
  BUDGET,
  csvFile,
  failureOf,
  newBrowser,
  PRIVATE,
  sampleFile,
  sampleTask,
  tabsOfEachTest,
} from './support.ts'

const newTab = tabsOfEachTest()

const fileOf = (content: string | Uint8Array<ArrayBuffer>) => new File([content], 'softpost.backup.json')

/** A backup of one private run, and what a person would see of it. */
async function backedUp() {
  const tab = await (await newTab().open()).openSample(60)
  const runId = await tab.tune()
  const run = await tab.run(runId)
  const release = answerOf(await tab.api.release(runId))
  const { spent } = answerOf(await tab.api.fileBudget())
  const backup = answerOf(await tab.api.saveBackup())
  return { tab, runId, run, release, spent, backup, text: new TextDecoder().decode(backup.bytes) }
}

describe('a backup', () => {
  test('brings runs, curves and prompts into a browser that knows nothing of them', async () => {
    const { runId, run, release, spent, backup } = await backedUp()
    expect(backup).toMatchObject({ runs: 1, leftOut: 0 })
    newBrowser()
    const other = await newTab().open()
    const file = fileOf(backup.bytes)
    expect(answerOf(await other.api.restoreBackup(file))).toEqual({ added: 1, known: 0, waiting: ['bank.csv'] })
    expect(answerOf(await other.api.restoreBackup(file))).toEqual({ added: 0, known: 1, waiting: ['bank.csv'] })
    expect(await other.run(runId)).toEqual({ ...run, ledger: null })
    expect(answerOf(await other.api.ledger()).waiting).toEqual([{ name: 'bank.csv', runs: 1 }])

    // What the ledger would have to note waits until it knows the rows.
    for (const answer of [
      await other.api.release(runId),
      await other.api.markReleased(runId),
      await other.api.liftSeal(runId),
      await other.api.predict(runId, 'Where is my card?'),
    ]) {
      expect(failureOf('rows-unknown', answer).message).toContain('open bank.csv')
    }

    await other.openSample(60)
    expect(answerOf(await other.api.fileBudget())).toMatchObject({ runs: 0 })
    expect(answerOf(await other.api.countWaiting('bank.csv'))).toEqual({ added: 1 })
    expect(answerOf(await other.api.fileBudget())).toMatchObject({ spent, runs: 1, saved: true })
    expect(answerOf(await other.api.ledger()).waiting).toEqual([])
    expect(answerOf(await other.api.release(runId))).toEqual(release)
    answerOf(await other.api.predict(runId, 'Where is my card?'))
    failureOf('sealed', await other.api.exactFigures(runId))
    const row = ((await (await sampleFile(60)).text()).split('\n')[1] ?? '').replace(/,[^,]*$/, '')
    failureOf('sealed', await other.api.predict(runId, row.replace(/^"|"$/g, '')))
  })

  test('brings a deleted run back, and changes nothing that is here', async () => {
    const { tab, runId, run, spent, backup } = await backedUp()
    const second = await tab.tune({ ...PRIVATE, budget: { ...BUDGET, epsilon: 1 } })
    const after = answerOf(await tab.api.fileBudget())
    answerOf(await tab.api.deleteRun(runId))
    expect(answerOf(await tab.api.restoreBackup(fileOf(backup.bytes)))).toEqual({ added: 1, known: 0, waiting: [] })
    expect(await tab.run(runId)).toEqual({ ...run, ledger: { saved: true, released: false } })
    expect((await tab.run(second)).stepsDone).toBe(4)
    expect(after.spent).toBeGreaterThan(spent)
    expect(answerOf(await tab.api.fileBudget())).toEqual(after)
    answerOf(await tab.api.release(runId, [second]))
  })

  test('keeps that exact figures were seen', async () => {
    const { tab, runId } = await backedUp()
    answerOf(await tab.api.liftSeal(runId))
    const backup = answerOf(await tab.api.saveBackup())
    newBrowser()
    const other = await (await newTab().open()).openSample(60)
    answerOf(await other.api.restoreBackup(fileOf(backup.bytes)))
    answerOf(await other.api.countWaiting('bank.csv'))
    expect(answerOf(await other.api.release(runId)).certificate.selection).toContain('saw private data')
    expect((await other.run(runId)).seal).toBe('lifted')
  })

  test('holds no text of the rows, no run that is not over, and none of what only this browser may know', async () => {
    const { tab } = await backedUp()
    const paused = await tab.start({ ...PRIVATE, budget: { ...BUDGET, epsilon: 1 }, steps: 400, checkpointEvery: 1 })
    await tab.until(({ type, runId }) => type === 'checkpoint' && runId === paused)
    answerOf(await tab.api.pause(paused))
    const { bytes, runs, leftOut } = answerOf(await tab.api.saveBackup())
    expect([runs, leftOut]).toEqual([1, 1])
    const text = new TextDecoder().decode(bytes)
    const file = BackupFile.parse(JSON.parse(text))
    expect(file.runs.map((run) => run.runId)).not.toContain(paused)
    // Its spending is there all the same.
    expect(file.budgets.flatMap((part) => part.runs.map(({ run }) => run.id))).toContain(paused)
    const rows = (await (await sampleFile(60)).text()).split('\n').slice(1)
    const words = rows.flatMap((row) => row.match(/\p{L}{7,}/gu) ?? [])
    const publicWords = JSON.stringify(file.runs.map(({ plan }) => plan.task))
    for (const word of words.filter((word) => !publicWords.includes(word))) expect(text).not.toContain(word)
    expect(text).not.toMatch(/prints|sides|moments/)
  })
})

/** The one private run of a backup. */
function first(file: BackupFile) {
  const [run] = file.runs
  if (run === undefined || run.plan.privacy === null || run.certificate.privacy === null) throw new Error('a run')
  return { run, privacy: run.plan.privacy, claim: run.certificate.privacy }
}

/** Puts nothing back. */
async function expectRefused(text: string, code: 'file-format' | 'certificate' | 'ledger') {
  newBrowser()
  const tab = newTab()
  failureOf(code, await tab.api.restoreBackup(fileOf(text)))
  expect(answerOf(await tab.api.runs())).toEqual([])
  expect(answerOf(await tab.api.ledger())).toMatchObject({ files: [], waiting: [] })
}

describe('a file that is not a whole backup', () => {
  test('is refused with nothing put back', async () => {
    const { text } = await backedUp()
    const change = (act: (file: BackupFile) => void): string => {
      const file = BackupFile.parse(JSON.parse(text))
      act(file)
      return JSON.stringify(file)
    }
    await expectRefused('', 'file-format')
    await expectRefused('PK\u0003\u0004', 'file-format')
    await expectRefused(text.slice(0, text.length / 2), 'file-format')
    await expectRefused(text.replace('"softpost-backup"', '"softpost-budget"'), 'file-format')
    await expectRefused(text.replace('"runs"', '"more": 1, "runs"'), 'file-format')
    await expectRefused(
      change((file) => void (first(file).run.prompt = first(file).run.prompt.slice(4))),
      'file-format',
    )
    await expectRefused(
      change((file) => void (first(file).run.prompt = `AAAA${first(file).run.prompt.slice(4)}`)),
      'file-format',
    )
    await expectRefused(
      change((file) => void (first(file).run.stepsSpent = 1)),
      'file-format',
    )
    await expectRefused(
      change((file) => void first(file).run.labelTokens?.pop()),
      'file-format',
    )
    // Less noise in the ledger's part than in the plan's.
    await expectRefused(
      change((file) => {
        const mechanism = file.budgets[0]?.runs[0]?.run.mechanism
        if (mechanism) mechanism.sigma *= 4
      }),
      'file-format',
    )
    // A run that the ledger was never told of.
    await expectRefused(
      change((file) => void (file.budgets = [])),
      'file-format',
    )
    // A smaller ε than the numbers give, in plan and certificate alike.
    await expectRefused(
      change((file) => {
        const { privacy, claim } = first(file)
        privacy.epsilonPlanned /= 2
        claim.epsilon /= 2
      }),
      'certificate',
    )
  })

  test('is refused where it contradicts the ledger', async () => {
    const { tab, text, run } = await backedUp()
    const file = BackupFile.parse(JSON.parse(text))
    const [entry] = file.budgets[0]?.runs ?? []
    if (entry === undefined) throw new Error('a run')
    entry.run.size += 1
    failureOf('ledger', await tab.api.restoreBackup(fileOf(JSON.stringify(file))))
    expect(await tab.run(run.runId)).toMatchObject({ stepsDone: 4 })
  })

  test('is refused whole where only its last part contradicts the ledger', async () => {
    const { tab } = await backedUp()
    const lines = Array.from(
      { length: 40 },
      (_, row) => `a text of its own with number ${row},${row % 2 ? 'card' : 'cash'}`,
    )
    answerOf(await tab.api.openData(csvFile(['text,label', ...lines]), {}))
    answerOf(await tab.api.setTask(await sampleTask()))
    await tab.tune()
    const file = BackupFile.parse(JSON.parse(new TextDecoder().decode(answerOf(await tab.api.saveBackup()).bytes)))
    const before = answerOf(await tab.api.fileBudget())
    const [own, others, ...more] = file.budgets
    const [entry] = others?.runs ?? []
    if (own?.dataName !== 'rows.csv' || entry === undefined) throw new Error('a part for each file, the newest first')
    expect(more).toEqual([])
    own.budget = { epsilon: before.budget / 2, delta: before.delta }
    entry.run.size += 1
    failureOf('ledger', await tab.api.restoreBackup(fileOf(JSON.stringify(file))))
    expect(answerOf(await tab.api.fileBudget())).toEqual(before)
    entry.run.size -= 1
    answerOf(await tab.api.restoreBackup(fileOf(JSON.stringify(file))))
    expect(answerOf(await tab.api.fileBudget())).toMatchObject({ budget: before.budget / 2 })
  })

  test('is refused where its parts contradict each other, or what waits for its data file', async () => {
    const { text } = await backedUp()
    const file = BackupFile.parse(JSON.parse(text))
    const changed = structuredClone(file)
    for (const { run } of changed.budgets.flatMap(({ runs }) => runs)) run.size += 1
    await expectRefused(JSON.stringify({ ...file, budgets: [...changed.budgets, ...file.budgets] }), 'ledger')
    const tab = newTab()
    const first = answerOf(await tab.api.restoreBackup(fileOf(text)))
    failureOf('ledger', await tab.api.restoreBackup(fileOf(JSON.stringify({ ...file, budgets: changed.budgets }))))
    expect(answerOf(await tab.api.ledger()).waiting).toEqual([{ name: 'bank.csv', runs: 1 }])
    expect(first).toMatchObject({ added: 1 })
  })
})
