/** The page without a mouse, and on a phone; what axe finds on each step is part of the journeys. */
import { expect, test } from '@playwright/test'
import { SHELL_COPY, STEP_COPY } from '../../src/app/copy.ts'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { expectAccessible } from './support/findings.ts'
import { Journey } from './support/journey.ts'

test('the way to a file needs no mouse', async ({ page }) => {
  const journey = new Journey(page)
  const { keyboard } = page
  const pressOn = async (name: string | RegExp) => {
    const button = page.getByRole('button', { name })
    await expect(button).toBeEnabled()
    for (let tabs = 0; tabs < 60; tabs++) {
      if (await button.evaluate((element) => element === document.activeElement)) break
      await keyboard.press('Tab')
    }
    await expect(button).toBeFocused()
    await keyboard.press('Enter')
  }
  await journey.open()
  await keyboard.press('Tab')
  await expect(page.getByRole('link', { name: SHELL_COPY.skip })).toBeFocused()
  await keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await pressOn(/^Load the model/)
  await expect(page.getByText(MODEL_COPY.ready.title)).toBeVisible({ timeout: 120_000 })
  await pressOn(SHELL_COPY.next(STEP_COPY.data.name))
  // After a change of step the reader stands at its title.
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(STEP_COPY.data.title)
  await pressOn(DATA_COPY.sample.use('Questions to a bank'))
  await journey.taskFits()
  expect(journey.complaints).toEqual([])
})

test('the page fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto('/')
  for (const step of ['model', 'data', 'use', 'runs'] as const) {
    await page.goto(`/#${step}`)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(STEP_COPY[step].title)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width, step).toBeLessThanOrEqual(360)
    await expectAccessible(page)
  }
})
