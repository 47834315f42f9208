/**
 * The graphics card goes away in the middle of a run, as with a driver's update or a sleeping laptop; and then for good.
 * With LONG=1: the journey on WebGPU loses its device once in every run of the tests.
 */
import process from 'node:process'
import { expect, type Page, test } from '@playwright/test'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { describeError } from '../../src/ui/errorCopy.ts'
import { devices, loseDevice, watchedTuner } from './support/devices.ts'
import { smallFile } from './support/files.ts'
import { Journey } from './support/journey.ts'

const STEPS = 400
const PLAN = { promptLength: '2', batchSize: '2', steps: String(STEPS) }

test('a run goes on when its device is lost, and says what to do when there is no other', async ({ page }) => {
  test.skip(process.env['LONG'] === undefined, 'for the long tests')
  test.setTimeout(20 * 60_000)
  const journey = new Journey(page)
  await journey.open()
  await page.getByLabel(MODEL_COPY.device.compute).selectOption('webgpu')
  const tuner = await watchedTuner(page)
  await journey.loadModel()
  await expect(journey.fact(MODEL_COPY.ready.backend)).toHaveText(MODEL_COPY.ready.backendName.webgpu)
  await journey.next('data')
  await journey.takeFile(smallFile('own.csv'))
  await journey.taskFits()
  await journey.next('privacy')
  await journey.plan(PLAN)
  await journey.next('tune')
  await page.getByRole('button', { name: TUNE_COPY.start.button }).click()
  await expect.poll(() => stepShown(page), { timeout: 240_000 }).toBeGreaterThan(1)

  await test.step('it goes on with the device opened anew', async () => {
    const before = await stepShown(page)
    expect(await loseDevice(tuner)).toBe(1)
    await expect.poll(() => stepShown(page), { timeout: 240_000 }).toBeGreaterThan(before + 1)
    expect(await devices(tuner)).toBe(2)
  })

  await test.step('where no other comes it stops, with what was saved and the way on', async () => {
    await tuner.evaluate(() => {
      navigator.gpu.requestAdapter = () => Promise.resolve(null)
    })
    await loseDevice(tuner)
    const { title } = describeError({ code: 'device-lost', message: '' })
    await expect(page.getByText(title)).toBeVisible({ timeout: 240_000 })
    await expect(page.getByRole('button', { name: TUNE_COPY.run.resume })).toBeVisible()
  })
})

async function stepShown(page: Page): Promise<number> {
  const text = await page
    .getByText(new RegExp(`^\\d+ of ${STEPS}\\b`))
    .first()
    .innerText()
  return Number(text.split(' ')[0])
}
