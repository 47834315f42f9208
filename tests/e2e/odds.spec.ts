/** The promise of a plan, as a person reads it. */
import { expect, test } from '@playwright/test'
import { PRIVACY_COPY } from '../../src/features/privacy/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { expectAccessible } from './support/findings.ts'
import { Journey } from './support/journey.ts'

test('a plan says what the best attack could reach', async ({ page }, testInfo) => {
  const journey = new Journey(page)
  await journey.open()
  await journey.loadModel()
  await journey.next('data')
  await journey.takeSample()
  await journey.next('privacy')
  await journey.plan()
  await expect(page.getByText(PRIVACY_COPY.plan.working)).toBeHidden()
  // ε = 8 by default: the noised counts of held-out rows give away as much, whatever the file.
  await expect(page.getByText(PRIVACY_COPY.odds.figure(80), { exact: true })).toBeVisible()
  await page.getByText(PRIVACY_COPY.attack.summary).click()
  const table = page.getByRole('table', { name: PRIVACY_COPY.attack.caption })
  await expect(table.getByRole('row').nth(1)).toHaveText(/^1\s*26$/)
  await expect(page.getByText(/^For a person who stands in 3 rows/)).toContainText('ε is 33.1')
  await expectAccessible(page)
  await page.screenshot({ path: testInfo.outputPath('odds.png'), fullPage: true })

  await test.step('a plan that is made beside a run says how long it takes once that is over', async () => {
    await journey.plan({ promptLength: '5', batchSize: '32', steps: '25' })
    await journey.next('tune')
    await page.getByRole('button', { name: TUNE_COPY.start.button }).click()
    await expect(page.getByRole('button', { name: TUNE_COPY.run.pause })).toBeVisible()
    await page.getByRole('link', { name: /Privacy/ }).click()
    // Of another kind than the one that was measured.
    await page.getByRole('radio', { name: PRIVACY_COPY.choice.none }).check()
    const time = journey.fact(PRIVACY_COPY.plan.time)
    await expect(time).toHaveText(PRIVACY_COPY.plan.unmeasured)
    await expect(time).not.toHaveText(PRIVACY_COPY.plan.unmeasured, { timeout: 300_000 })
  })
  expect(journey.complaints).toEqual([])
})
