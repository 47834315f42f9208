/** The page as a person uses it, by the words on it. */
import { expect, type Locator, type Page } from '@playwright/test'
import { SHELL_COPY, STEP_COPY } from '../../../src/app/copy.ts'
import type { StepId } from '../../../src/app/navigation.ts'
import { DATA_COPY } from '../../../src/features/data/copy.ts'
import { LEDGER_COPY } from '../../../src/features/ledger/copy.ts'
import { MODEL_COPY } from '../../../src/features/model/copy.ts'
import { PRIVACY_COPY } from '../../../src/features/privacy/copy.ts'
import type { KnobId } from '../../../src/features/privacy/knobIds.ts'
import { SEND_COPY } from '../../../src/features/send/copy.ts'
import { TRY_COPY } from '../../../src/features/tryout/copy.ts'
import { TUNE_COPY } from '../../../src/features/tune/copy.ts'
import { formatCount } from '../../../src/ui/format.ts'

/** A run takes so long at the most, on a machine that does other things too. */
const LONG_MS = 8 * 60_000

/** What Chromium says where there is no GPU; nothing of the page's. */
const NO_GPU = 'No available adapters.'

export class Journey {
  readonly page: Page
  /** What the browser said that a person would not want to hear: errors, warnings, refusals of the policy. */
  readonly complaints: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type()) || message.text() === NO_GPU) return
      this.complaints.push(`${message.type()}: ${message.text()}`)
    })
    page.on('pageerror', (error) => this.complaints.push(error.message))
  }

  async open(): Promise<void> {
    await this.page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy of the page refused ${event.violatedDirective} ${event.blockedURI}`)
      })
    })
    await this.page.goto('/')
  }

  async next(step: StepId): Promise<void> {
    await this.page.getByRole('button', { name: SHELL_COPY.next(STEP_COPY[step].name) }).click()
    await expect(this.page.getByRole('heading', { level: 1 })).toHaveText(STEP_COPY[step].title)
  }

  /** The value beside a term. */
  fact(term: string): Locator {
    return this.page.locator('dt').getByText(term, { exact: true }).locator('xpath=following-sibling::dd[1]')
  }

  async loadModel(): Promise<void> {
    await this.page.getByRole('button', { name: /^Load the model/ }).click()
    await expect(this.page.getByText(MODEL_COPY.ready.title)).toBeVisible({ timeout: LONG_MS })
  }

  async takeSample(): Promise<void> {
    await this.page.getByRole('button', { name: DATA_COPY.sample.use('Questions to a bank') }).click()
    await this.taskFits()
  }

  async takeFile(file: { readonly name: string; readonly mimeType: string; readonly buffer: Buffer }): Promise<void> {
    await this.page.locator('input[type=file]').setInputFiles(file)
  }

  /** A task is checked at once, whether it comes with a sample or is proposed from the names of the labels. */
  async taskFits(): Promise<void> {
    await expect(this.page.getByText(DATA_COPY.task.ready.title)).toBeVisible({ timeout: LONG_MS })
  }

  /** Empty knobs keep the default plan. */
  async plan(knobs: Partial<Record<KnobId, string>> = {}): Promise<void> {
    if (Object.keys(knobs).length > 0) {
      await this.page.getByText(PRIVACY_COPY.knobs.summary).click()
      for (const [id, value] of Object.entries(knobs)) {
        await this.page.getByRole('textbox', { name: PRIVACY_COPY.knobs.name[id as KnobId], exact: true }).fill(value)
      }
    }
    await this.planned(knobs.steps)
  }

  /** @param steps that the plan is waited for to have; any where not given. */
  async planned(steps?: string): Promise<void> {
    await expect(this.page.getByText(PRIVACY_COPY.plan.epsilon)).toBeVisible({ timeout: LONG_MS })
    if (steps !== undefined) {
      const figure = formatCount(Number(steps))
      await expect(this.fact(PRIVACY_COPY.plan.steps)).toHaveText(new RegExp(`^${figure}(,|$)`))
    }
    await expect(this.page.getByText(PRIVACY_COPY.plan.working)).toBeHidden({ timeout: LONG_MS })
  }

  async tune(): Promise<void> {
    await this.page.getByRole('button', { name: TUNE_COPY.start.button }).click()
    await this.finishRun()
  }

  async finishRun(): Promise<void> {
    await expect(this.page.getByText(TUNE_COPY.run.finishedHint)).toBeVisible({ timeout: LONG_MS })
  }

  async ask(text: string): Promise<void> {
    await this.page.getByLabel(TRY_COPY.label).fill(text)
    await this.page.getByRole('button', { name: TRY_COPY.ask }).click()
    await expect(this.page.getByText(TRY_COPY.withPrompt, { exact: true })).toBeVisible({ timeout: LONG_MS })
  }

  /** Ticks the consent, sends, and waits for the large model's prompt. */
  async send(): Promise<void> {
    const consent = this.page.getByRole('checkbox', { name: /^I have looked at it/ })
    const save = this.page.getByRole('button', { name: LEDGER_COPY.saveFirst.button })
    await expect(consent.or(save)).toBeVisible()
    // A browser that has not promised to keep the ledger.
    if (await save.isVisible()) await save.click()
    await consent.check()
    await this.page.getByRole('button', { name: SEND_COPY.consent.send }).click()
    await expect(this.page.getByText(/^Your prompt for .* is ready$/)).toBeVisible({ timeout: LONG_MS })
  }

  async compare(text: string): Promise<void> {
    await this.page.getByLabel(SEND_COPY.compare.label).fill(text)
    await this.page.getByRole('button', { name: SEND_COPY.compare.ask }).click()
    await expect(this.page.getByText(SEND_COPY.compare.small, { exact: true })).toBeVisible({ timeout: LONG_MS })
  }
}
