/** The page's copy for use offline, and what it does where a file host sets no headers. */
import process from 'node:process'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { expect, test } from '@playwright/test'
import { SHELL_COPY } from '../../src/app/copy.ts'
import { EGRESS_COPY } from '../../src/features/egress/copy.ts'
import { SEND_COPY } from '../../src/features/send/copy.ts'
import { TUNE_COPY } from '../../src/features/tune/copy.ts'
import { describeError } from '../../src/ui/errorCopy.ts'
import { siteCommand } from '../../workers/host/cli/site.ts'
import { PARTS } from '../../workers/protocol/wire.ts'
import { smallFile } from './support/files.ts'
import { Journey } from './support/journey.ts'
import { Recorder } from './support/recorder.ts'

/** Some 3 MB, on a machine that does other things too. */
const COPY_MS = 120_000

test('opens without a network after the first visit, and lists what making the copy asked for', async ({
  browser,
  baseURL,
}) => {
  const recorder = await Recorder.start(new URL(baseURL ?? '').host)
  const context = await browser.newContext({
    ...(baseURL === undefined ? {} : { baseURL }),
    proxy: { server: recorder.address, bypass: '<-loopback>' },
  })
  const journey = new Journey(await context.newPage())
  await journey.open()
  await expect(journey.page.getByText(SHELL_COPY.offline.ready)).toBeVisible({ timeout: COPY_MS })
  await test.step('every request on the wire is on the list', async () => {
    await expect(journey.page.getByText(EGRESS_COPY.show(recorder.sent.length))).toBeVisible()
    await journey.page.getByText(EGRESS_COPY.show(recorder.sent.length)).click()
    const listed = await journey.page.getByRole('table', { name: EGRESS_COPY.table }).locator('code').allInnerTexts()
    const onWire = recorder.sent.map(({ method, url }) => `${method} ${url.pathname}`)
    expect(listed.toSorted()).toEqual(onWire.toSorted())
  })
  await recorder.close()
  await context.setOffline(true)
  await journey.page.reload()
  await expect(journey.page.getByRole('heading', { level: 1 })).toBeVisible()
  expect(await journey.page.evaluate(() => crossOriginIsolated)).toBe(true)
  await context.close()
})

test('tunes a whole prompt without a network, with the model that it kept', async ({ context, page }) => {
  test.skip(process.env['LONG'] === undefined, 'for the long tests')
  const journey = new Journey(page)
  await journey.open()
  await expect(page.getByText(SHELL_COPY.offline.ready)).toBeVisible({ timeout: COPY_MS })
  await journey.loadModel()
  await context.setOffline(true)
  await page.reload()
  await journey.loadModel()
  await journey.next('data')
  await journey.takeFile(smallFile('own.csv'))
  await journey.taskFits()
  await journey.next('privacy')
  await journey.plan({ promptLength: '5', batchSize: '8', steps: '40' })
  await journey.next('tune')
  await page.getByRole('button', { name: TUNE_COPY.start.button }).click()
  await expect(page.getByText(TUNE_COPY.network.offline.title)).toBeVisible()
  await journey.finishRun()
  await journey.next('try')
  await journey.ask('Did a parrot eat my card?')
  await test.step('what needs the provider says so, and nothing is lost', async () => {
    await journey.next('send')
    await expect(page.getByText(describeError({ code: 'network', message: '' }).title)).toBeVisible()
    await context.setOffline(false)
    await page.getByRole('button', { name: SEND_COPY.provider.again }).click()
    await expect(page.getByText(PARTS.weights).first()).toBeVisible()
  })
})

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

/** A file host that can set no header but the type. */
async function bareFileHost(folder: string) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
    try {
      const name = path === '/' ? 'index.html' : path.slice(1)
      const bytes = readFileSync(join(folder, name))
      response.setHeader('Content-Type', TYPES[extname(name)] ?? 'application/octet-stream').end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve)
  })
  // A TCP server's address is never the string of a pipe.
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}/` }
}

test('sets the headers itself where a file host sets none, after one reload', async ({ page, baseURL }, testInfo) => {
  const folder = testInfo.outputPath('site')
  expect(await siteCommand.run(['--endpoint', baseURL ?? '', '--out', folder])).toBe(0)
  const { server, url } = await bareFileHost(folder)
  try {
    await page.goto(url)
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
    await expect(page.getByText(SHELL_COPY.offline.ready)).toBeVisible({ timeout: COPY_MS })
    const loaded = page.waitForResponse((response) => response.url() === url)
    await page.reload()
    expect((await loaded).headers()['content-security-policy']).toContain(`connect-src 'self' ${baseURL}`)
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
    const worker = await page.evaluate(async () => {
      const script = (await caches.keys())[0]
      const paths = (await (await caches.open(script ?? '')).keys()).map((request) => request.url)
      const tuner = paths.find((path) => path.includes('/workers/tuner-')) ?? ''
      return (await fetch(tuner)).headers.get('content-security-policy')
    })
    expect(worker).toBe("default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src blob:")
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
