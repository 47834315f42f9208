/**
 * Figures of the page on a slow processor: what is loaded, when it is painted and when it answers, and tasks that keep
 * the main thread busy while a run is at work. With LONG=1; it prints them, and asserts nothing about time.
 */
import process from 'node:process'
import { expect, type Page, test } from '@playwright/test'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { smallFile } from './support/files.ts'
import { Journey } from './support/journey.ts'
import { tasksDuring } from './support/mainThread.ts'

/** As Lighthouse slows a processor to stand for a middling phone. */
const SLOWER = 4
const VISITS = 5
/** Quiet for so long, the page counts as interactive (Lighthouse's rule). */
const QUIET_MS = 5_000
/** As the browser's long tasks API counts them. */
const LONG_TASK_MS = 50

type Task = { readonly start: number; readonly duration: number }
type Noted = typeof globalThis & { longTasksOfTest?: Task[] }

// Both keep the main thread busy themselves.
test.use({ trace: 'off', screenshot: 'off' })
test.skip(process.env['LONG'] === undefined, 'figures, for the long tests')

test('the first visit', async ({ browser, baseURL }) => {
  const visits = []
  for (let visit = 0; visit < VISITS; visit++) {
    const context = await browser.newContext(baseURL === undefined ? {} : { baseURL })
    const page = await context.newPage()
    await noteLongTasks(page)
    await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
    await page.goto('/')
    await expect(page.getByRole('button', { name: /^Load the model/ })).toBeVisible()
    await expect.poll(() => quietFor(page), { timeout: 60_000 }).toBeGreaterThan(QUIET_MS)
    visits.push(await page.evaluate(figuresOfVisit))
    await context.close()
  }
  for (const name of ['firstPaintMs', 'interactiveMs', 'longestTaskMs', 'scriptBytes', 'styleBytes'] as const) {
    print(
      name,
      visits.map((visit) => visit[name]),
    )
  }
})

test('a run at work', async ({ page, browser }) => {
  const journey = new Journey(page)
  await journey.open()
  await journey.loadModel()
  await expect(page.getByText(MODEL_COPY.ready.title)).toBeVisible()
  await journey.next('data')
  await journey.takeFile(smallFile('own.csv'))
  await journey.taskFits()
  await journey.next('privacy')
  await journey.plan({ promptLength: '10', batchSize: '32', steps: '120' })
  await journey.next('tune')
  const tasks = await tasksDuring(browser, page, async () => {
    await page.getByRole('button', { name: TUNE_COPY.start.button }).click()
    await appears(page, TUNE_COPY.run.finishedHint)
  })
  for (const time of ['cpuMs', 'wallMs'] as const) {
    const long = tasks.map((task) => task[time]).filter((duration) => duration > LONG_TASK_MS)
    print(`long tasks while tuning, ${time}`, long.length === 0 ? [0] : long, ` in ${long.length} of ${tasks.length}`)
  }
})

/** Looks rarely and without Playwright's own eye, which keeps the main thread as busy as the page does. */
async function appears(page: Page, text: string): Promise<void> {
  await page.evaluate(
    (wanted) =>
      new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (!document.body.textContent.includes(wanted)) return
          clearInterval(timer)
          resolve()
        }, 1_000)
      }),
    text,
  )
}

function print(name: string, values: readonly number[], of = ''): void {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = 0, middle = 0, high = 0] = [0, sorted.length >> 1, sorted.length - 1].map((place) => sorted[place])
  process.stdout.write(`${name}: ${Math.round(middle)} (${Math.round(low)} to ${Math.round(high)})${of}\n`)
}

async function noteLongTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const noted: Noted = globalThis
    const tasks: Task[] = (noted.longTasksOfTest = [])
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) tasks.push({ start: startTime, duration })
    }).observe({ type: 'longtask', buffered: true })
  })
}

/** Milliseconds since the main thread was last busy for long. */
async function quietFor(page: Page): Promise<number> {
  return await page.evaluate(() => {
    const last = (globalThis as Noted).longTasksOfTest?.at(-1)
    return performance.now() - (last === undefined ? 0 : last.start + last.duration)
  })
}

/** In the page. */
function figuresOfVisit() {
  const tasks = (globalThis as Noted).longTasksOfTest ?? []
  const [paint] = performance.getEntriesByName('first-contentful-paint')
  const firstPaintMs = paint?.startTime ?? 0
  const last = tasks.at(-1)
  const loaded = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
  const bytesOf = (kind: RegExp) =>
    loaded.filter(({ name }) => kind.test(name)).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
  return {
    firstPaintMs,
    interactiveMs: Math.max(firstPaintMs, last === undefined ? 0 : last.start + last.duration),
    longestTaskMs: Math.max(0, ...tasks.map(({ duration }) => duration)),
    // The page's own; workers are started later, and copied for use offline.
    scriptBytes: bytesOf(/\/assets\/.*\.js$/),
    styleBytes: bytesOf(/\.css$/),
  }
}
