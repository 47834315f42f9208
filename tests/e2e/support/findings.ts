/** What a screen reader or a weak eye meets, as far as a program can tell. */
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** A small phone of today (CSS pixels). */
const PHONE = { width: 360, height: 740 }

/** Expects that nothing lies beside the screen of a phone. */
export async function expectFitsPhone(page: Page): Promise<void> {
  const before = page.viewportSize()
  await page.setViewportSize(PHONE)
  const wide = await page.evaluate((width) => {
    if (document.documentElement.scrollWidth <= width) return []
    return Array.from(document.querySelectorAll('main *'))
      .filter((element) => element.getBoundingClientRect().right > width)
      .map((element) => `${element.tagName} ${element.className}`)
  }, PHONE.width)
  expect(wide, 'wider than a phone').toEqual([])
  if (before !== null) await page.setViewportSize(before)
}

/** Expects nothing of axe's to be found on the page as it is, in both themes. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    expect(found, colorScheme).toEqual([])
  }
}
