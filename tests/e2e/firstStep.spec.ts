/**
 * How long it takes from opening the page to the first step of training on the sample, for somebody who presses each
 * button the moment it is there. With LONG=1; it prints the figures, and asserts nothing about time.
 */
import process from 'node:process'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { SHELL_COPY, STEP_COPY } from '../../src/app/copy.ts'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'

const VISITS = 5

/** What is pressed, in turn; each stage lasts until the next button can be pressed, the last until a step is done. */
const PRESSES = [
  { stage: 'page', button: MODEL_COPY.load('').replace(/\(\)$/, '') },
  { stage: 'model, runtime and proof', button: SHELL_COPY.next(STEP_COPY.data.name) },
  { stage: 'samples', button: DATA_COPY.sample.use('Questions to a bank') },
  { stage: 'file and task', button: SHELL_COPY.next(STEP_COPY.privacy.name) },
  { stage: 'plan', button: SHELL_COPY.next(STEP_COPY.tune.name) },
  { stage: 'start card', button: TUNE_COPY.start.button },
] as const
const LAST_STAGE = 'first step'

// A recorded trace takes screenshots all the while.
test.use({ trace: 'off', screenshot: 'off' })
test.skip(process.env['LONG'] === undefined, 'figures, for the long tests')

test('the first visit', async ({ browser, baseURL }) => {
  const visits = []
  for (let visit = 0; visit < VISITS; visit++) {
    const context = await browser.newContext(baseURL === undefined ? {} : { baseURL })
    visits.push(await visitOf(context))
    await context.close()
  }
  print('first visit', visits)
})

test('a later visit', async ({ browser, baseURL }) => {
  const visits = []
  for (let visit = 0; visit < VISITS; visit++) {
    const context = await browser.newContext(baseURL === undefined ? {} : { baseURL })
    await keepModel(context)
    visits.push(await visitOf(context))
    await context.close()
  }
  print('later visit', visits)
})

/** A visit that leaves the page and the model behind, and no run. */
async function keepModel(context: BrowserContext): Promise<void> {
  const page = await context.newPage()
  await page.goto('/')
  await page.getByRole('button', { name: PRESSES[0].button }).click()
  await expect(page.getByText(MODEL_COPY.ready.title)).toBeVisible()
  await expect(page.getByText(SHELL_COPY.offline.ready)).toBeVisible()
  await page.close()
}

type Visit = readonly number[]

/** Milliseconds of each stage. */
async function visitOf(context: BrowserContext): Promise<Visit> {
  const page: Page = await context.newPage()
  await page.goto('/', { waitUntil: 'commit' })
  const times = await page.evaluate(pressAll, {
    buttons: PRESSES.map(({ button }) => button),
    done: `^[1-9][0-9]*${TUNE_COPY.run.steps('', '')}`,
  })
  expect(times).toHaveLength(PRESSES.length + 1)
  await page.close()
  return times.map((time, index) => time - (times[index - 1] ?? 0))
}

/**
 * In the page: presses each button as soon as it can be pressed, and asks for no frames meanwhile, since drawing them
 * would take a part of the machine. Milliseconds since the navigation began at which each was pressed, and at which the
 * first step was shown.
 */
async function pressAll({ buttons, done }: { readonly buttons: readonly string[]; readonly done: string }) {
  const times: number[] = []
  const isDone = new RegExp(done)
  const find = (): Element | undefined => {
    const name = buttons[times.length]
    return name === undefined
      ? [...document.querySelectorAll('span')].find(({ textContent }) => isDone.test(textContent))
      : [...document.querySelectorAll('button')].find(
          ({ textContent, disabled }) => textContent.startsWith(name) && !disabled,
        )
  }
  await new Promise<void>((resolve) => {
    const goOn = () => {
      const found = find()
      if (found === undefined) return
      times.push(performance.now())
      if (found instanceof HTMLButtonElement) return found.click()
      observer.disconnect()
      resolve()
    }
    const observer = new MutationObserver(goOn)
    observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
    goOn()
  })
  return times
}

function print(name: string, visits: readonly Visit[]): void {
  const stages = [...PRESSES.map(({ stage }) => stage), LAST_STAGE]
  const rows = stages.map((stage, index) => [stage, visits.map((visit) => visit[index] ?? 0)] as const)
  const whole = ['all', visits.map((visit) => visit.reduce((sum, ms) => sum + ms, 0))] as const
  for (const [stage, values] of [...rows, whole]) {
    const sorted = values.toSorted((a, b) => a - b).map(Math.round)
    process.stdout.write(`${name}, ${stage}: ${sorted[sorted.length >> 1]} (${sorted[0]} to ${sorted.at(-1)})\n`)
  }
}
