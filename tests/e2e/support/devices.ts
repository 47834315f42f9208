/** A graphics card that goes away on demand: the tuning worker's own device, destroyed. */
import type { Page, Worker } from '@playwright/test'

/** What the worker's own window to its devices is called; nothing of the page's. */
type Watched = typeof globalThis & { devicesOfTest?: GPUDevice[] }

function isTuner(worker: Worker): boolean {
  return worker.url().includes('/workers/tuner-')
}

/** The tuning worker, which notes each device that it opens. */
export async function watchedTuner(page: Page): Promise<Worker> {
  const starting = page.waitForEvent('worker', isTuner)
  // A look at the runs starts the worker before anything asks for a device.
  await page.getByRole('link', { name: /^≡?\s*Runs/ }).click()
  const worker = await starting
  await page.getByRole('link', { name: /Model/ }).click()
  await worker.evaluate(() => {
    const self: Watched = globalThis
    const opened: GPUDevice[] = (self.devicesOfTest = [])
    // Called on the adapter that it is asked of.
    // oxlint-disable-next-line typescript/unbound-method
    const request = GPUAdapter.prototype.requestDevice
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await request.call(this, descriptor)
      opened.push(device)
      return device
    }
  })
  return worker
}

export async function devices(tuner: Worker): Promise<number> {
  return await tuner.evaluate(() => (globalThis as Watched).devicesOfTest?.length ?? 0)
}

/** Returns how many there were. */
export async function loseDevice(tuner: Worker): Promise<number> {
  await tuner.evaluate(() => (globalThis as Watched).devicesOfTest?.at(-1)?.destroy())
  return await devices(tuner)
}
