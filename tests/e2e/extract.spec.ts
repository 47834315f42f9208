/** A file whose answers are texts, from the Data step to what would be sent. */
import { expect, test } from '@playwright/test'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { SEND_COPY } from '../../src/features/send/copy.ts'
import { TRY_COPY } from '../../src/features/tryout/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { Journey } from './support/journey.ts'

const COLOURS = ['red', 'dark blue', 'green']
const csv = [
  'text,answer',
  ...Array.from({ length: 60 }, (_, row) => `house number ${row} is ${COLOURS[row % 3]},${COLOURS[row % 3]}`),
].join('\n')
const FILE = { name: 'houses.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) }

test('answers that are texts are tuned, tried and shown before they are sent', async ({ page }, testInfo) => {
  const journey = new Journey(page)
  const shot = async (name: string) =>
    void (await page.screenshot({ path: testInfo.outputPath(`${name}.png`), fullPage: true }))
  await journey.open()
  await journey.loadModel()
  await journey.next('data')
  await journey.takeFile(FILE)
  await journey.taskFits()
  await expect(page.getByRole('radio', { name: DATA_COPY.task.answer.texts })).toBeChecked()
  await page.getByRole('textbox', { name: DATA_COPY.task.answer.longest }).fill('1')
  await page.getByRole('button', { name: DATA_COPY.task.check }).click()
  await expect(page.getByText(DATA_COPY.task.answer.faults['too-long']('20 rows'))).toBeVisible()
  await page.getByRole('textbox', { name: DATA_COPY.task.answer.longest }).fill('4')
  await page.getByRole('button', { name: DATA_COPY.task.check }).click()
  await journey.taskFits()
  await shot('data')

  await journey.next('privacy')
  await journey.plan({ promptLength: '4', batchSize: '8', steps: '4' })
  await journey.next('tune')
  await journey.tune()
  await expect(page.getByText(TUNE_COPY.heldOut.answers)).toBeVisible()
  await journey.next('try')
  await journey.ask('the car is green')
  await expect(page.getByLabel(TRY_COPY.pieces).first()).toBeVisible()
  await shot('try')

  await journey.next('send')
  await expect(page.getByText(SEND_COPY.task.longestValue(4))).toBeVisible()
  await shot('send')
  expect(journey.complaints).toEqual([])
})
