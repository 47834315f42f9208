/** A tab that is closed in the middle of a step, and a run that goes on after it. */
import { expect, test } from '@playwright/test'
import { RUNS_COPY } from '../../src/features/runs/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { Journey } from './support/journey.ts'

test('a run belongs to one tab, and goes on in another after that one was closed in mid-step', async ({ context }) => {
  const first = new Journey(await context.newPage())
  await first.open()
  await first.loadModel()
  await first.next('data')
  await first.takeSample()
  await first.next('privacy')
  await first.plan({ promptLength: '5', batchSize: '32', steps: '60' })
  await first.next('tune')
  await first.page.getByRole('button', { name: TUNE_COPY.start.button }).click()
  // Two saved blocks at least, then away without a word.
  await expect(first.page.getByText(/^(?:[3-9]|[1-5]\d) of 60\b/).first()).toBeVisible({ timeout: 120_000 })

  const second = new Journey(await context.newPage())
  await second.open()
  await second.page.getByRole('link', { name: /^≡?\s*Runs/ }).click()
  await test.step('another tab sees it and cannot touch it', async () => {
    await second.page.getByRole('button', { name: RUNS_COPY.watch }).click()
    await second.page.getByRole('button', { name: TUNE_COPY.run.pause }).click()
    await expect(second.page.getByText(/^Another tab works on this run/)).toBeVisible()
    await second.page.getByRole('link', { name: /^≡?\s*Runs/ }).click()
  })
  await first.page.close({ runBeforeUnload: false })

  await second.page.reload()
  await second.page.getByRole('button', { name: RUNS_COPY.resume }).click()
  await second.page.getByRole('button', { name: TUNE_COPY.run.resume }).click()
  await second.finishRun()
  // Steps that were spent and not saved are not done again.
  const done = await second.page
    .getByText(/^\d+ of 60$/)
    .first()
    .innerText()
  expect(Number(done.split(' ')[0])).toBeLessThanOrEqual(60)
  expect(Number(done.split(' ')[0])).toBeGreaterThan(30)
  expect([...first.complaints, ...second.complaints]).toEqual([])
})
