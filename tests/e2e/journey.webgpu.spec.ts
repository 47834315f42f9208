/** Tuning on WebGPU in the browser, on a software GPU: a reduced plan, for correctness and not for speed. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { expect, test } from '@playwright/test'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { TRY_COPY } from '../../src/features/tryout/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { PARTS } from '../../workers/protocol/wire.ts'
import { devices, loseDevice, watchedTuner } from './support/devices.ts'
import { Journey } from './support/journey.ts'

/** Few rows: a software GPU is for correctness, and slow. */
const ROWS = 40
const isLong = process.env['LONG'] !== undefined
const PLAN = isLong
  ? { promptLength: '5', batchSize: '16', steps: '8' }
  : { promptLength: '5', batchSize: '8', steps: '4' }

test('tunes a private prompt on WebGPU that can be tried and sent, whatever happens to the device', async ({
  page,
}, testInfo) => {
  test.setTimeout(45 * 60_000)
  const sample = readFileSync(new URL('../../public/samples/banking.csv', import.meta.url), 'utf8')
  const [header, ...rows] = sample.trim().split('\n')
  // Labels whose names are one piece for the model, so that the proposed label words fit, and texts of like length,
  // so that they make few microbatches.
  const own = rows.filter((row) => /^(?:\w+\W+){8}\w+\W?,(?:card|transfer|cash|account)$/.test(row))
  const some = own.filter((_, index) => index % Math.floor(own.length / ROWS) === 0)
  const journey = new Journey(page)
  const shot = async (name: string) =>
    void (await page.screenshot({ path: testInfo.outputPath(`${name}.png`), fullPage: true }))
  await journey.open()
  await page.getByLabel(MODEL_COPY.device.compute).selectOption('webgpu')
  await page.getByLabel(MODEL_COPY.device.weights).selectOption('int8')
  const tuner = await watchedTuner(page)
  await journey.loadModel()
  await expect(journey.fact(MODEL_COPY.ready.backend)).toHaveText(MODEL_COPY.ready.backendName.webgpu)
  await expect(journey.fact(MODEL_COPY.ready.adapter)).not.toBeEmpty()
  await expect(page.getByText(MODEL_COPY.probe.allRefused(7))).toBeVisible()

  await journey.next('data')
  await journey.takeFile({ name: 'own.csv', mimeType: 'text/csv', buffer: Buffer.from([header, ...some].join('\n')) })
  await journey.taskFits()
  await journey.next('privacy')
  await journey.plan(PLAN)
  await shot('privacy')
  await journey.next('tune')
  await page.getByRole('button', { name: TUNE_COPY.start.button }).click()
  await test.step('a device that is lost in mid-run is opened again, and the run goes on', async () => {
    await expect(page.getByText(new RegExp(`^[1-9] of ${PLAN.steps}\\b`)).first()).toBeVisible({ timeout: 240_000 })
    await loseDevice(tuner)
    await journey.finishRun()
    expect(await devices(tuner)).toBe(2)
  })
  await shot('tune')
  await journey.next('try')
  await journey.ask('Where did my new card go?')
  await expect(page.getByText(TRY_COPY.withoutPrompt, { exact: true })).toBeVisible()
  await shot('try')

  await journey.next('send')
  await expect(page.getByText(PARTS.weights).first()).toBeVisible()
  await expect(page.getByText('"weights": "int8"').first()).toBeAttached()
  await shot('send')
  // What the host makes of a prompt does not depend on where it was tuned; the WASM journey always sends one.
  if (isLong) {
    await journey.send()
    await journey.compare('How much do I pay for a transfer to Norway?')
  }
  expect(journey.complaints).toEqual([])
})
