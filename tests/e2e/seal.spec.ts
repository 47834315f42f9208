/** Persons as the units of a run, and the seal on exact figures, as a person meets them. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { PRIVACY_COPY } from '../../src/features/privacy/copy.ts'
import { SEAL_COPY } from '../../src/features/seal/copy.ts'
import { SEND_COPY } from '../../src/features/send/copy.ts'
import { TRY_COPY } from '../../src/features/tryout/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { Journey } from './support/journey.ts'

const PERSONS = 40

/** Rows of two classes, three of each customer. */
function customerFile() {
  const lines = readFileSync(new URL('../../public/samples/banking.csv', import.meta.url), 'utf8').split('\n')
  const rows = ['card', 'transfer'].flatMap((label) =>
    lines.filter((line) => line.endsWith(`,${label}`) && !line.includes('"')).slice(0, (3 * PERSONS) / 2),
  )
  const csv = ['text,label,customer_id', ...rows.map((row, index) => `${row},c${index % PERSONS}`)].join('\n')
  return {
    first: rows[0]?.split(',')[0] ?? '',
    file: { name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) },
  }
}

test('persons are protected whole; exact figures stay sealed until the seal is lifted', async ({ page }, testInfo) => {
  const journey = new Journey(page)
  const shot = async (name: string) =>
    void (await page.screenshot({ path: testInfo.outputPath(`${name}.png`), fullPage: true }))
  const { first, file } = customerFile()
  await journey.open()
  await journey.loadModel()
  await journey.next('data')
  await journey.takeFile(file)
  await journey.taskFits()
  await expect(page.getByText(DATA_COPY.file.likelyPersons.title('customer_id'))).toBeVisible()
  await page.getByRole('button', { name: DATA_COPY.file.likelyPersons.use }).click()
  await journey.taskFits()
  await expect(journey.fact(DATA_COPY.file.persons)).toHaveText(String(PERSONS))
  await shot('persons')

  await journey.next('privacy')
  await journey.plan({ promptLength: '4', batchSize: '8', steps: '4', maxRowsPerPerson: '2' })
  await expect(page.getByText(PRIVACY_COPY.odds.unit.person('2 rows'))).toBeVisible()
  await journey.next('tune')
  await journey.tune()
  await expect(page.getByText(TUNE_COPY.selfCheck.good('3'))).toBeVisible()
  await expect(page.getByText(TUNE_COPY.curves.clipped, { exact: true })).toBeVisible()
  await shot('tune')

  await journey.next('try')
  await page.getByLabel(TRY_COPY.label).fill(first)
  await page.getByRole('button', { name: TRY_COPY.ask }).click()
  await expect(page.getByText(SEAL_COPY.notice.title)).toBeVisible()
  await expect(page.getByText(TRY_COPY.withPrompt, { exact: true })).toBeHidden()
  await page.getByRole('button', { name: SEAL_COPY.card.lift }).last().click()
  await page.getByRole('button', { name: SEAL_COPY.dialog.keep }).click()
  await expect(page.getByText(SEAL_COPY.card.closed)).toBeVisible()
  await shot('sealed')
  await page.getByRole('button', { name: SEAL_COPY.card.lift }).last().click()
  await page.getByRole('button', { name: SEAL_COPY.dialog.lift, exact: true }).click()
  await expect(page.getByRole('region', { name: SEAL_COPY.figures.caption, exact: true })).toBeVisible()
  await expect(page.getByText(SEAL_COPY.card.lifted)).toBeVisible()
  await journey.ask(first)
  await shot('lifted')

  await journey.next('send')
  await expect(page.getByText(SEND_COPY.sawPrivate.title)).toBeVisible()
  await expect(page.getByText(SEND_COPY.certificate.unitValue.person)).toBeVisible()
  await shot('send')
  expect(journey.complaints).toEqual([])
})
