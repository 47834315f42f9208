/** The page without a mouse, and on a phone; what axe finds on each step is part of the journeys. */
import { expect, type Locator, test } from '@playwright/test'
import { SHELL_COPY, STEP_COPY } from '../../src/app/copy.ts'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { PRIVACY_COPY } from '../../src/features/privacy/copy.ts'
import type { KnobId } from '../../src/features/privacy/knobIds.ts'
import { TRY_COPY } from '../../src/features/tryout/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { expectAccessible, expectFitsPhone } from './support/findings.ts'
import { Journey } from './support/journey.ts'

test('the way to a prompt needs no mouse', async ({ page }) => {
  const journey = new Journey(page)
  const { keyboard } = page
  const reach = async (target: Locator) => {
    await expect(target).toBeEnabled()
    for (let tabs = 0; tabs < 60; tabs++) {
      if (await target.evaluate((element) => element === document.activeElement)) break
      await keyboard.press('Tab')
    }
    await expect(target).toBeFocused()
  }
  const pressOn = async (name: string | RegExp) => {
    await reach(page.getByRole('button', { name }))
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
  await pressOn(SHELL_COPY.next(STEP_COPY.privacy.name))
  await test.step('the slider and the numbers', async () => {
    const slider = page.getByRole('slider')
    await reach(slider)
    const before = await slider.getAttribute('aria-valuenow')
    await keyboard.press('ArrowLeft')
    await expect(slider).not.toHaveAttribute('aria-valuenow', before ?? '')
    await keyboard.press('ArrowRight')
    await expect(slider).toHaveAttribute('aria-valuenow', before ?? '')
    await reach(page.locator('summary', { hasText: PRIVACY_COPY.knobs.summary }))
    await keyboard.press('Enter')
    for (const [id, value] of Object.entries({ promptLength: '5', batchSize: '32', steps: '6' })) {
      await reach(page.getByRole('textbox', { name: PRIVACY_COPY.knobs.name[id as KnobId], exact: true }))
      await keyboard.type(value)
    }
    await journey.planned('6')
  })
  await pressOn(SHELL_COPY.next(STEP_COPY.tune.name))
  await pressOn(TUNE_COPY.start.button)
  await journey.finishRun()
  await pressOn(SHELL_COPY.next(STEP_COPY.try.name))
  await reach(page.getByLabel(TRY_COPY.label))
  await keyboard.type('Did a parrot eat my card?')
  await pressOn(TRY_COPY.ask)
  await expect(page.getByText(TRY_COPY.withPrompt, { exact: true })).toBeVisible({ timeout: 120_000 })
  expect(journey.complaints).toEqual([])
})

test('the page fits a phone', async ({ page }) => {
  await page.goto('/')
  for (const step of ['model', 'data', 'use', 'runs'] as const) {
    await page.goto(`/#${step}`)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(STEP_COPY[step].title)
    await expectFitsPhone(page)
    await expectAccessible(page)
  }
})
