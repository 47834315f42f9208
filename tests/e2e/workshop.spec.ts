/** A workshop as a guest of the room meets it: by a name that is not this machine's own, over http and https. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { expect, test } from '@playwright/test'
import * as z from 'zod/mini'
import { SHELL_COPY } from '../../src/app/copy.ts'
import { LEDGER_COPY } from '../../src/features/ledger/copy.ts'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { SEND_COPY } from '../../src/features/send/copy.ts'
import { WORKSHOP_COPY } from '../../src/features/workshop/copy.ts'
import { PARTS } from '../../workers/protocol/wire.ts'
import { smallFile } from './support/files.ts'
import { expectAccessible, expectFitsPhone } from './support/findings.ts'
import { Journey } from './support/journey.ts'

/** Known to no resolver but the browser's own rule. */
const ROOM = 'workshop.example'
const Started = z.looseObject({ url: z.string(), address: z.string(), fingerprint: z.string() })

let folder: string
let host: ChildProcess
let started: z.infer<typeof Started>
test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'softpost-workshop-'))
  const serve = ['workers/host/launch.mjs', 'softpost', 'serve', '--workshop', '--port', '0', '--json']
  host = spawn(process.execPath, [...serve, '--data-dir', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (host.stdout === null) throw new Error('a host without output')
  // A host that does not start ends without a line.
  for await (const line of createInterface({ input: host.stdout })) {
    started = Started.parse(JSON.parse(line))
    return
  }
  throw new Error('the workshop did not start')
})
test.afterAll(async () => {
  if (host.exitCode === null) {
    const gone = new Promise((resolve) => host.once('exit', resolve))
    host.kill('SIGTERM')
    await gone
  }
  rmSync(folder, { recursive: true, force: true })
})

test('leads guests from http to https, where all works', async ({ playwright }, testInfo) => {
  const { launchOptions } = testInfo.project.use
  const args = [...(launchOptions?.args ?? []), `--host-resolver-rules=MAP ${ROOM} 127.0.0.1`]
  const browser = await playwright.chromium.launch({ ...launchOptions, args })
  // What a guest does who has compared the fingerprint.
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const { port } = new URL(started.url)
  const key = new URL(started.address).hash

  await test.step('over http nothing is loaded but the way to https', async () => {
    expect((await page.goto(`http://${ROOM}:${port}/index.html`))?.status()).toBe(404)
    await page.goto(`http://${ROOM}:${port}/${key}`)
    expect(await page.evaluate(() => isSecureContext)).toBe(false)
    await expect(page.getByRole('heading')).toHaveText(SHELL_COPY.insecure.title)
    expect(await page.evaluate(() => document.scripts.length)).toBe(0)
    await expectAccessible(page)
    await page.getByRole('link').click()
    await expect(page).toHaveURL(new RegExp(`^https://${ROOM}:${port}/`))
  })

  await test.step('over https it is the whole page, and the key leaves the address bar', async () => {
    await page.goto(`https://${ROOM}:${port}/${key}`)
    expect(await page.evaluate(() => [isSecureContext, crossOriginIsolated])).toEqual([true, true])
    await expect(page).not.toHaveURL(/key=/)
    const journey = new Journey(page)
    await journey.loadModel()
    await expect(page.getByText(MODEL_COPY.probe.allRefused(7))).toBeVisible()
    await journey.next('data')
    await journey.takeFile(smallFile('own.csv'))
    await journey.taskFits()
    await journey.next('privacy')
    await journey.plan({ promptLength: '5', batchSize: '16', steps: '4' })
    await journey.next('tune')
    await journey.tune()
    await page.getByRole('link', { name: /Send/ }).click()
    await expect(page.getByText(PARTS.weights).first()).toBeVisible()
    const save = page.getByRole('button', { name: LEDGER_COPY.saveFirst.button })
    const have = page.getByText(SEND_COPY.key.have)
    await expect(save.or(have)).toBeVisible()
    // A browser that has not promised to keep the ledger.
    if (await save.isVisible()) await save.click()
    // The invitation's key is there: nobody asks for one.
    await expect(have).toBeVisible()
  })
  await browser.close()
})

test('shows the host an invitation, what protection costs, and a tour', async ({ browser }, testInfo) => {
  test.skip(process.env['LONG'] === undefined, 'for the long tests')
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(`${started.url}/#workshop`)
  await expect(page.getByRole('img', { name: WORKSHOP_COPY.invitation.code })).toBeVisible()
  await expect(page.getByText(started.fingerprint)).toBeVisible()
  await test.step('attacks each strength before the eyes of the room', async () => {
    const { demo } = WORKSHOP_COPY
    await page.getByRole('button', { name: demo.attackNow }).click()
    await expect(page.getByRole('button', { name: demo.attackAgain })).toBeVisible({ timeout: 120_000 })
    for (const [epsilon, most] of [
      [1, 73],
      [4, 98],
      [8, 100],
    ] as const) {
      await page.locator('label').getByText(demo.epsilon(epsilon), { exact: true }).click()
      await expect(page.getByText(demo.allowed(most))).toBeVisible()
    }
    const row = page.getByRole('row', { name: demo.epsilon(8) })
    await expect(row.getByRole('cell').last()).toHaveText(/^\d+ of 100$/)
    await page.locator('label').getByText(demo.noneLong, { exact: true }).click()
  })
  await expect(page.getByRole('heading', { name: WORKSHOP_COPY.tour.title })).toBeVisible()
  await test.step('the host itself needs no key', async () => {
    await expect.poll(() => page.evaluate(storedKey)).toBe(new URL(started.address).hash.slice('#key='.length))
  })
  await expectAccessible(page)
  await expectFitsPhone(page)
  await page.screenshot({ path: testInfo.outputPath('workshop.png'), fullPage: true })
  await context.close()
})

/** In the page: the provider's key as the browser keeps it. */
async function storedKey(): Promise<unknown> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('softpost-app')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new Error('no database'))
  })
  const key = await new Promise((resolve) => {
    const request = database.transaction('preferences').objectStore('preferences').get('hostKey')
    request.onsuccess = () => resolve(request.result)
  })
  database.close()
  return key
}
