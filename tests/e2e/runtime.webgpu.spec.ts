/** The model on WebGPU in the browser, where a person asks for it. */
import { expect, test } from '@playwright/test'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { Journey } from './support/journey.ts'

test('loads the model onto the GPU that was asked for, without a way to the network', async ({ page }) => {
  const journey = new Journey(page)
  await journey.open()
  await page.getByLabel(MODEL_COPY.device.compute).selectOption('webgpu')
  await journey.loadModel()
  await expect(journey.fact(MODEL_COPY.ready.backend)).toHaveText(MODEL_COPY.ready.backendName.webgpu)
  await expect(journey.fact(MODEL_COPY.ready.adapter)).not.toBeEmpty()
  await expect(page.getByText(MODEL_COPY.probe.allRefused(7))).toBeVisible()
  expect(journey.complaints).toEqual([])
})
