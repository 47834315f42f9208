/** Audits as a person runs them: the noise before a run, an attack after one. */
import { expect, test } from '@playwright/test'
import { AUDIT_COPY } from '../../src/features/audit/copy.ts'
import { Journey } from './support/journey.ts'

test('the noise is tested before a run, and prompts like it are attacked after it', async ({ page }, testInfo) => {
  const journey = new Journey(page)
  const shot = async (name: string) =>
    void (await page.screenshot({ path: testInfo.outputPath(`${name}.png`), fullPage: true }))
  await journey.open()
  await journey.loadModel()
  await journey.next('data')
  await journey.takeSample()
  await journey.next('privacy')
  await journey.plan({ promptLength: '5', batchSize: '32', steps: '8' })

  const { noise } = AUDIT_COPY
  await page.getByRole('button', { name: noise.start }).click()
  await expect(page.getByText(noise.passed(11))).toBeVisible({ timeout: 60_000 })
  await page.getByText(noise.details, { exact: true }).click()
  await expect(page.getByRole('cell', { name: noise.ok })).toHaveCount(11)
  await shot('noise')

  const { attack } = AUDIT_COPY
  await journey.next('tune')
  await journey.tune()
  await journey.next('try')
  await page.getByRole('button', { name: attack.start }).click()
  await page.getByRole('button', { name: attack.seal.go }).click()
  await expect(page.getByText(attack.facts.found)).toBeVisible({ timeout: 5 * 60_000 })
  await shot('attack')
  await page.getByRole('button', { name: attack.curve.title }).click()
  await expect(page.getByRole('columnheader', { name: attack.curve.ceiling })).toBeVisible()
  expect(journey.complaints).toEqual([])
})
