/**
 * A tab that dies at random points of a run: the ledger never says less than what was shown. Twice, with LONG=1 fifty
 * times.
 */
import { randomInt } from 'node:crypto'
import process from 'node:process'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { RUNS_COPY } from '../../src/features/runs/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { formatCount } from '../../src/ui/format.ts'
import { smallFile } from './support/files.ts'
import { Journey } from './support/journey.ts'

const KILLS = process.env['LONG'] === undefined ? 2 : 50
/** More than all lives together take. */
const STEPS = 20_000
/** A block and its checkpoint take some two seconds. */
const LIFE_MS = 2_500

test('what was shown is spent, whenever the tab dies', async ({ context }) => {
  test.setTimeout((4 + KILLS) * 60_000)
  const first = new Journey(await context.newPage())
  await first.open()
  await first.loadModel()
  await first.next('data')
  await first.takeFile(smallFile('own.csv'))
  await first.taskFits()
  await first.next('privacy')
  await first.plan({ promptLength: '2', batchSize: '8', steps: String(STEPS) })
  await first.next('tune')
  await first.page.getByRole('button', { name: TUNE_COPY.start.button }).click()

  let { page } = first
  let spentBefore = 0
  for (let kill = 0; kill < KILLS; kill++) {
    await expect.poll(() => stepShown(page), { timeout: 120_000 }).toBeGreaterThan(spentBefore)
    // Anywhere between two checkpoints: the moment is chance on purpose.
    await page.waitForTimeout(randomInt(LIFE_MS))
    const shown = await stepShown(page)
    await kill9(context, page)

    const next = new Journey(await context.newPage())
    await next.open()
    const kept = await keptSteps(next.page)
    expect(kept.spent, `kill ${kill}`).toBeGreaterThanOrEqual(shown)
    expect(kept.spent).toBeGreaterThanOrEqual(kept.done)
    expect(kept.spent).toBeGreaterThanOrEqual(spentBefore)
    expect(kept.spent).toBeLessThanOrEqual(STEPS)
    spentBefore = kept.spent
    page = next.page
    await page.getByRole('link', { name: /^≡?\s*Runs/ }).click()
    await page.getByRole('button', { name: RUNS_COPY.resume }).click()
    await page.getByRole('button', { name: TUNE_COPY.run.resume }).click()
  }
})

/** The last step that the page shows; the curves have its point. */
async function stepShown(page: Page): Promise<number> {
  const text = await page
    .getByText(new RegExp(`^[\\d,]+ of ${formatCount(STEPS)}\\b`))
    .first()
    .innerText()
  return Number((text.split(' ')[0] ?? '').replaceAll(',', ''))
}

/** The tab's process is gone, with its workers, in the middle of whatever they do. */
async function kill9(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  // Nobody is left to answer.
  session.send('Page.crash').catch(() => undefined)
  await crashed
  await page.close()
}

/** What the browser's disk says: the ledger's counter, and the run's last checkpoint. */
async function keptSteps(page: Page): Promise<{ readonly spent: number; readonly done: number }> {
  return await page.evaluate(async () => {
    const opened = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('softpost-work')
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(new Error('no database'))
    })
    const read = async (store: string): Promise<Record<string, number>[]> =>
      await new Promise((resolve, reject) => {
        const request = opened.transaction(store).objectStore(store).getAll()
        request.onsuccess = () => resolve(request.result as Record<string, number>[])
        request.onerror = () => reject(new Error(`no ${store}`))
      })
    const [counter] = await read('counters')
    const [run] = await read('runs')
    opened.close()
    return { spent: counter?.['stepsSpent'] ?? -1, done: run?.['stepsDone'] ?? -1 }
  })
}
