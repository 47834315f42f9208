/** Audits as a person runs them: the noise before a run, an attack after one. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { AUDIT_COPY } from '../../src/features/audit/copy.ts'
import { expectAccessible } from './support/findings.ts'
import { Journey } from './support/journey.ts'

/** Rows of the sample's two largest groups: few, so that the attack is short. */
function smallFile(rows: number): Buffer {
  const sample = readFileSync(new URL('../../public/samples/banking.csv', import.meta.url), 'utf8')
  const [header = '', ...lines] = sample.split('\n')
  const chosen = ['card', 'transfer'].flatMap((label) =>
    lines.filter((line) => line.endsWith(`,${label}`)).slice(0, rows / 2),
  )
  return Buffer.from([header, ...chosen].join('\n'))
}

test('the noise is tested before a run, and prompts like it are attacked after it', async ({ page }, testInfo) => {
  const journey = new Journey(page)
  const shot = async (name: string) =>
    void (await page.screenshot({ path: testInfo.outputPath(`${name}.png`), fullPage: true }))
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await journey.open()
  await journey.loadModel()
  await journey.next('data')
  await journey.takeFile({ name: 'questions.csv', mimeType: 'text/csv', buffer: smallFile(100) })
  await journey.taskFits()
  await journey.next('privacy')
  await journey.plan({ promptLength: '5', batchSize: '16', steps: '8' })

  const { noise, attack } = AUDIT_COPY
  await test.step('the noise', async () => {
    await page.getByRole('button', { name: noise.start }).click()
    await expect(page.getByText(noise.passed(11))).toBeVisible({ timeout: 60_000 })
    await page.getByText(noise.details, { exact: true }).click()
    await expect(page.getByRole('cell', { name: noise.ok })).toHaveCount(11)
    await shot('noise')
    await expectAccessible(page)
  })

  await journey.next('tune')
  await journey.tune()
  await journey.next('try')
  await test.step('the attack', async () => {
    await page.getByRole('button', { name: attack.start }).click()
    await page.getByRole('button', { name: attack.seal.go }).click()
    await expect(page.getByText(attack.facts.found)).toBeVisible({ timeout: 5 * 60_000 })
    await shot('attack')
    await expectAccessible(page)
    await page.getByRole('button', { name: attack.curve.title }).click()
    await expect(page.getByRole('columnheader', { name: attack.curve.ceiling })).toBeVisible()
  })
  expect(journey.complaints).toEqual([])
})
