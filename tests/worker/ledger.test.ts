import { describe, expect, test } from 'vitest'
import { openDB } from 'idb'
import { checkCertificate } from '../../workers/privacy/certificate.ts'
import { BudgetFile } from '../../workers/protocol/ledger.ts'
import {
  answerOf,
  BUDGET,
  failureOf,
  newBrowser,
  PRIVATE,
  sampleFile,
  sampleTask,
  tabsOfEachTest,
  TINY,
} from './support.ts'

const newTab = tabsOfEachTest()

describe('what a file has spent', () => {
  test('is told with every plan and outlives the run, the tab and the name of the file', async () => {
    const tab = await (await newTab().open()).openSample(60)
    const first = answerOf(await tab.api.plan(PRIVATE))
    expect(first.budget).toMatchObject({ spent: 0, runs: 0, fits: true, budget: 16, intact: true })
    expect(first.budget.total).toBeCloseTo(first.plan.privacy?.epsilonPlanned ?? 0, 6)
    const runId = await tab.tune()
    const { spent, ...rest } = answerOf(await tab.api.fileBudget())
    expect(spent).toBeCloseTo(first.budget.total, 6)
    expect(rest).toMatchObject({ runs: 1, plainRuns: 0, saved: false })
    answerOf(await tab.api.deleteRun(runId))

    const next = await newTab().open()
    const renamed = new File([await sampleFile(45)], 'another.csv')
    answerOf(await next.api.openData(renamed, {}))
    answerOf(await next.api.setTask(await sampleTask()))
    const again = answerOf(await next.api.plan(PRIVATE))
    expect(again.budget).toMatchObject({ spent, runs: 1, totalRule: 'renyi-filter' })
    expect(again.budget.total).toBeGreaterThan(again.budget.spent)
    expect(answerOf(await next.api.ledger()).files).toMatchObject([{ name: 'bank.csv', runs: [{ stepsSpent: 4 }] }])
  })

  test('keeps each row on its side: what was held out is not trained on later', async () => {
    const tab = await (await newTab().open()).openSample(60)
    const { plan } = answerOf(await tab.api.plan(PRIVATE))
    await tab.tune()
    for (let opening = 0; opening < 2; opening++) {
      await tab.openSample(60)
      expect(answerOf(await tab.api.plan(PRIVATE)).plan.trainRows).toBe(plan.trainRows)
    }
  })

  test('is refused beyond the budget, with the reason and what would fit; a higher budget is a choice', async () => {
    const tab = await (await newTab().open()).openSample(60)
    answerOf(await tab.api.setFileBudget(12))
    await tab.tune()
    const { plan, budget } = answerOf(await tab.api.plan(PRIVATE))
    expect(budget).toMatchObject({ fits: false, budget: 12, isDefault: false })
    expect(budget.affordable ?? 0).toBeGreaterThan(0)
    const { message, data } = failureOf('ledger', await tab.api.start(plan))
    expect(message).toContain("the file's budget of 12")
    expect(data).toMatchObject({ budget: 12, affordable: budget.affordable ?? 0 })
    expect(answerOf(await tab.api.runs())).toHaveLength(1)
    expect(answerOf(await tab.api.fileBudget()).runs).toBe(1)

    const smaller = { ...PRIVATE, budget: { ...BUDGET, epsilon: Math.floor((budget.affordable ?? 0) * 10) / 10 } }
    expect(answerOf(await tab.api.plan(smaller)).budget.fits).toBe(true)
    answerOf(await tab.api.setFileBudget(20))
    await tab.tune()
    failureOf('privacy-argument', await tab.api.setFileBudget(-1))
  })

  test('of two tabs that spend the rest of it at once is spent by one', async () => {
    const before = await (await newTab().open()).openSample(60)
    await before.tune()
    const pair = [await before.openSample(60), await (await newTab().open()).openSample(60)]
    answerOf(await before.api.setFileBudget(14.5))
    const plans = await Promise.all(pair.map(async (tab) => answerOf(await tab.api.plan(PRIVATE)).plan))
    const answers = await Promise.all(
      pair.map(async (tab, place) => {
        const plan = plans[place]
        if (plan === undefined) throw new Error('a plan')
        return await tab.api.start(plan)
      }),
    )
    const refused = answers.filter((answer) => 'failure' in answer)
    expect(refused).toHaveLength(1)
    failureOf('ledger', refused[0])
    expect(answerOf(await before.api.fileBudget()).runs).toBe(2)
    const [started] = answers.flatMap((answer) => ('runId' in answer ? [answer.runId] : []))
    await Promise.any(pair.map((tab) => tab.untilStatus(started ?? '', 'finished')))
    expect(answerOf(await before.api.fileBudget()).spent).toBeLessThanOrEqual(14.5)
  })

  test('gets steps back from a run that was stopped, once another follows', async () => {
    const tab = await (await newTab().open()).openSample(60)
    const runId = await tab.start({ ...PRIVATE, steps: 400, checkpointEvery: 1 })
    await tab.until(({ type }) => type === 'step')
    answerOf(await tab.api.stop(runId))
    const { spent } = answerOf(await tab.api.fileBudget())
    expect(spent).toBeGreaterThan(7)
    const { budget } = answerOf(await tab.api.plan(PRIVATE))
    // Both whole would be above 13.
    expect(budget.total).toBeLessThan(12)
  })
})

test('a certificate names the runs that were declared, and no others', async () => {
  const tab = await (await newTab().open()).openSample(60)
  const first = await tab.tune({ ...PRIVATE, budget: { ...BUDGET, epsilon: 2 } })
  const second = await tab.tune()
  const alone = answerOf(await tab.api.release(second)).certificate
  expect(alone.project?.runs).toHaveLength(1)
  const { certificate } = answerOf(await tab.api.release(second, [first]))
  expect(certificate.project).toMatchObject({ composition: 'renyi-filter', delta: 1e-5 })
  expect(certificate.project?.runs.map(({ steps }) => steps)).toEqual([4, 4])
  expect(certificate.project?.epsilon).toBeCloseTo(answerOf(await tab.api.fileBudget()).spent, 6)
  expect(checkCertificate(certificate).epsilon).toBeCloseTo(certificate.privacy?.epsilon ?? 0, 3)
})

describe('a run without differential privacy', () => {
  test('is on record, and marks the file once its prompt is handed out', async () => {
    const tab = await (await newTab().open()).openSample(60)
    const runId = await tab.tune(TINY)
    expect(answerOf(await tab.api.fileBudget())).toMatchObject({
      spent: 0,
      runs: 0,
      plainRuns: 1,
      plainReleased: false,
    })
    answerOf(await tab.api.release(runId))
    expect((await tab.run(runId)).ledger).toEqual({ saved: false, released: false })
    answerOf(await tab.api.markReleased(runId))
    expect(answerOf(await tab.api.fileBudget())).toMatchObject({ plainReleased: true })
    expect((await tab.run(runId)).ledger).toEqual({ saved: false, released: true })
  })
})

describe('a budget file', () => {
  test('carries what was spent into a browser that knows nothing of it', async () => {
    const tab = await (await newTab().open()).openSample(60)
    const runId = await tab.tune()
    const bytes = answerOf(await tab.api.saveBudget(runId))
    const { spent } = answerOf(await tab.api.fileBudget())
    expect((await tab.run(runId)).ledger?.saved).toBe(true)
    const text = new TextDecoder().decode(bytes)
    expect(BudgetFile.parse(JSON.parse(text))).toMatchObject({ dataName: 'bank.csv', runs: [{ run: { id: runId } }] })
    expect(answerOf(await tab.api.saveBudget(null))).toEqual(bytes)

    newBrowser()
    const other = await (await newTab().open()).openSample(60)
    expect(answerOf(await other.api.fileBudget()).spent).toBe(0)
    const file = new File([bytes], 'bank.budget.json')
    expect(answerOf(await other.api.restoreBudget(file))).toEqual({ added: 1 })
    expect(answerOf(await other.api.restoreBudget(file))).toEqual({ added: 0 })
    expect(answerOf(await other.api.fileBudget())).toMatchObject({ spent, runs: 1, saved: true })
    failureOf('ledger', await other.api.restoreBudget(new File(['{}'], 'x.json')))
  })
})

describe('a browser from before the ledger', () => {
  test('keeps its runs; one that was under way does not go on', async () => {
    const tab = await (await newTab().open()).openSample(60)
    const runId = await tab.start({ ...PRIVATE, steps: 400, checkpointEvery: 1 })
    await tab.until(({ type }) => type === 'checkpoint')
    answerOf(await tab.api.pause(runId))
    const database = await openDB('softpost-work')
    await Promise.all(['ledger', 'ledgerFacts', 'units', 'counters'].map((store) => database.clear(store)))
    database.close()
    const next = await newTab().open()
    expect((await next.run(runId)).ledger).toBeNull()
    const { message } = failureOf('ledger', await next.api.resume(runId))
    expect(message).toContain('start a new one')
    answerOf(await next.api.stop(runId))
    answerOf(await next.api.release(runId))
  })
})

test('a ledger that was changed from outside starts no private run until somebody says to go on', async () => {
  const tab = await (await newTab().open()).openSample(60)
  await tab.tune()
  await tab.tune({ ...PRIVATE, budget: { ...BUDGET, epsilon: 1 } })
  const database = await openDB('softpost-work')
  await database.delete('ledger', 0)
  database.close()
  const { plan, budget } = answerOf(await tab.api.plan({ ...PRIVATE, budget: { ...BUDGET, epsilon: 1 } }))
  expect(budget.intact).toBe(false)
  failureOf('ledger', await tab.api.start(plan))
  answerOf(await tab.api.mendLedger())
  answerOf(await tab.api.start(plan))
})
