/** What a file's rows have spent, as a person meets it: on the next plan, in another tab, before sending. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { LEDGER_COPY } from '../../src/features/ledger/copy.ts'
import { PRIVACY_COPY } from '../../src/features/privacy/copy.ts'
import { RUNS_COPY } from '../../src/features/runs/copy.ts'
import { SEND_COPY } from '../../src/features/send/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { BudgetFile } from '../../workers/protocol/ledger.ts'
import { smallFile } from './support/files.ts'
import { expectAccessible } from './support/findings.ts'
import { Journey } from './support/journey.ts'

const PLAN = { promptLength: '5', batchSize: '16', steps: '4' }

async function plannedOn(journey: Journey, name: string): Promise<void> {
  await journey.open()
  await journey.loadModel()
  await journey.next('data')
  await journey.takeFile(smallFile(name))
  await journey.taskFits()
  await journey.next('privacy')
  await journey.plan(PLAN)
}

test('a file has one budget: in the next plan, under another name, in another tab', async ({ context }, testInfo) => {
  const first = new Journey(await context.newPage())
  await plannedOn(first, 'own.csv')
  const words = LEDGER_COPY.budget
  await expect(first.fact(words.spent)).toHaveText('nothing')
  const second = new Journey(await context.newPage())
  await plannedOn(second, 'renamed.csv')

  await first.next('tune')
  await first.tune()
  await first.page.getByRole('link', { name: /Privacy/ }).click()
  await expect(first.fact(words.spent)).toHaveText(/^ε 8 in 1 run/)
  await first.page.screenshot({ path: testInfo.outputPath('spent.png'), fullPage: true })

  await test.step('the other tab planned before that, and cannot spend the same again', async () => {
    await second.page.getByText(LEDGER_COPY.change.summary).click()
    await second.page.getByLabel(LEDGER_COPY.change.label).fill('12')
    await second.page.getByRole('button', { name: LEDGER_COPY.change.set }).click()
    await expect(second.page.getByText(words.beyond)).toBeVisible()
    await second.page.screenshot({ path: testInfo.outputPath('beyond.png'), fullPage: true })
    await second.next('tune')
    await expect(second.page.getByRole('button', { name: TUNE_COPY.start.again })).toBeDisabled()
    await expect(second.page.getByText(LEDGER_COPY.tune.beyond)).toBeVisible()
    await second.page.screenshot({ path: testInfo.outputPath('refused.png'), fullPage: true })
  })

  await test.step('a smaller run fits', async () => {
    await second.page.getByRole('button', { name: LEDGER_COPY.tune.action }).click()
    await second.page.getByRole('button', { name: /^Use ε/ }).click()
    await expect(second.page.getByText(words.beyond)).toBeHidden()
    await expect(second.page.getByText(PRIVACY_COPY.plan.working)).toBeHidden()
    await second.next('tune')
    await second.page.getByRole('button', { name: TUNE_COPY.start.again }).click()
    // Each tab threw coins of its own for rows that nobody had run on; the first run's stand.
    await expect(second.page.getByText(/open the file again and plan again/)).toBeVisible()
    await second.page.getByRole('link', { name: /Data/ }).click()
    await second.page.getByRole('button', { name: DATA_COPY.pick.another }).click()
    await second.takeFile(smallFile('renamed.csv'))
    await second.taskFits()
    await second.next('privacy')
    await second.plan()
    await second.next('tune')
    await second.page.getByRole('button', { name: TUNE_COPY.start.again }).click()
    await expect(second.page.getByText(TUNE_COPY.run.title('renamed.csv'))).toBeVisible()
    await second.finishRun()
  })

  await test.step('its certificate names the other run when it is declared, and waits for the budget file', async () => {
    await second.page.getByRole('button', { name: TUNE_COPY.run.send }).click()
    await expect(second.page.getByText(SEND_COPY.certificate.project)).toBeHidden()
    await second.page.getByRole('checkbox', { name: /^own\.csv, .*, ε 8$/ }).check()
    await expect(second.fact(SEND_COPY.certificate.project)).toHaveText(/^ε = 1\d\.?\d* in 2 runs$/)
    await expect(second.page.getByText(LEDGER_COPY.saveFirst.title)).toBeVisible()
    await expect(second.page.getByRole('button', { name: SEND_COPY.consent.send })).toBeHidden()
    await second.page.screenshot({ path: testInfo.outputPath('send.png'), fullPage: true })
  })

  await test.step('the list says so, and gives the budget file', async () => {
    await second.page.getByRole('link', { name: /Runs/ }).click()
    const row = second.page.getByRole('row', { name: /renamed\.csv/ })
    await expect(row).toContainText('2 runs')
    const saving = second.page.waitForEvent('download')
    await expectAccessible(second.page)
    await second.page.screenshot({ path: testInfo.outputPath('runs.png'), fullPage: true })
    await row.getByRole('button', { name: LEDGER_COPY.change.save }).click()
    const path = await (await saving).path()
    const { runs, dataName } = BudgetFile.parse(JSON.parse(readFileSync(path, 'utf8')))
    expect([dataName, runs.length, runs[0]?.stepsSpent]).toEqual(['renamed.csv', 2, 4])
    await expect(row).toContainText(LEDGER_COPY.list.saved)
  })
  await test.step('a backup brings deleted runs back; a file that is none changes nothing', async () => {
    const { page } = second
    const copy = RUNS_COPY.backup
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: copy.save }).click()
    await expect(page.getByText(copy.saved(2))).toBeVisible()
    const backup = await (await saving).path()
    await page.getByRole('button', { name: RUNS_COPY.deleteAll.button }).click()
    await page.getByRole('dialog').getByRole('button', { name: RUNS_COPY.deleteAll.yes }).click()
    await expect(page.getByText(RUNS_COPY.empty)).toBeVisible()
    const input = page.getByLabel(copy.restore)
    await input.setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{"format":') })
    await expect(page.getByText(/^This is not a backup file/)).toBeVisible()
    await input.setInputFiles(backup)
    await expect(page.getByText(copy.restored(2, 0))).toBeVisible()
    await expect(page.getByRole('heading', { name: /^renamed\.csv, / })).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: testInfo.outputPath('restored.png'), fullPage: true })
  })
  expect([...first.complaints, ...second.complaints]).toEqual([])
})
