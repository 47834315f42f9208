/**
 * From a sample file to answers of the large model, as a person does it, with every byte that leaves the browser on
 * record. In the quick run the plan is small; the stages are all there.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { expect, test } from '@playwright/test'
import { EGRESS_COPY } from '../../src/features/egress/copy.ts'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import type { KnobId } from '../../src/features/privacy/knobIds.ts'
import { USE_COPY } from '../../src/features/use/copy.ts'
import { readPeft } from '../../workers/prompt/peft.ts'
import { PARTS, TransferRequest } from '../../workers/protocol/wire.ts'
import { expectAccessible, expectFitsPhone } from './support/findings.ts'
import { Journey } from './support/journey.ts'
import { Recorder, readMultipart, type SentRequest } from './support/recorder.ts'

const QUICK: Partial<Record<KnobId, string>> = { promptLength: '5', batchSize: '32', steps: '8' }
const PLAN = process.env['LONG'] === undefined ? QUICK : {}

const SAMPLES = new URL('../../public/samples/', import.meta.url)
const TYPED_HERE = 'Why did my card not arrive by the second of May?'
const TYPED_FOR_PROVIDER = 'How much do I pay for a transfer to Norway?'

let recorder: Recorder
test.beforeEach(async ({ baseURL }) => {
  recorder = await Recorder.start(new URL(baseURL ?? '').host)
})
test.afterEach(async () => {
  await recorder.close()
})

test('tunes a private prompt, sends it and nothing else, and uses it on the large model', async ({
  browser,
  baseURL,
}, testInfo) => {
  // The bypass rule of the proxy leaves loopback out unless it is taken back.
  const context = await browser.newContext({
    ...(baseURL === undefined ? {} : { baseURL }),
    proxy: { server: recorder.address, bypass: '<-loopback>' },
  })
  const page = await context.newPage()
  const journey = new Journey(page)
  const shot = async (name: string) => {
    await expectAccessible(page)
    await expectFitsPhone(page)
    await page.screenshot({ path: testInfo.outputPath(`${name}.png`), fullPage: true })
  }

  await journey.open()
  await journey.loadModel()
  await expect(page.getByText(MODEL_COPY.probe.allRefused(7))).toBeVisible()
  await shot('model')

  await journey.next('data')
  await journey.takeSample()
  await shot('data')

  await journey.next('privacy')
  await journey.plan(PLAN)
  await shot('privacy')

  await journey.next('tune')
  await test.step('a worker that reads rows reaches nothing', async () => {
    const workers = page.workers().filter((worker) => worker.url().includes('/workers/'))
    expect(workers.length).toBeGreaterThan(1)
    for (const worker of workers) {
      const outcome = await worker.evaluate(async (url) => {
        try {
          return `answered ${(await fetch(url)).status}`
        } catch (error) {
          return (error as Error).name
        }
      }, `${baseURL}/config.json?from-a-worker`)
      expect(outcome).toBe('TypeError')
    }
  })
  await journey.tune()
  // Each step and their mean of three shares, and the budget.
  await expect(page.locator('figure path.recharts-curve')).toHaveCount(7)
  await shot('tune')

  await journey.next('try')
  await journey.ask(TYPED_HERE)
  await shot('try')

  await journey.next('send')
  await expect(page.getByText(PARTS.weights).first()).toBeVisible()
  const shown = await shownHashes(page.locator('main'))
  await shot('send')
  expect(carrying(recorder.sent)).toEqual([])
  await journey.send()
  await journey.compare(TYPED_FOR_PROVIDER)
  await shot('sent')

  await journey.next('use')
  await expect(page.getByText(USE_COPY.program.curl, { exact: true })).toBeVisible()
  await shot('use')
  await page.getByRole('link', { name: /^≡?\s*Runs/ }).click()
  await shot('runs')

  await test.step('what left is the prompt, its certificate and the task, and the text typed for the provider', () => {
    expect(recorder.elsewhere).toEqual([])
    const [upload, question, ...more] = carrying(recorder.sent)
    expect(more).toEqual([])
    if (!upload || !question) throw new Error('an upload and a question were expected')
    expect([upload.method, upload.url.pathname]).toEqual(['POST', '/v1/transfers'])
    checkUpload(upload, shown)
    expect(question.url.pathname).toMatch(/^\/v1\/prompts\/[^/]+\/classify$/)
    expect(JSON.parse(question.body.toString())).toEqual({ texts: [TYPED_FOR_PROVIDER] })
    checkBare(recorder.sent.filter((request) => request !== upload && request !== question))
    checkNoRow(recorder.sent)
  })

  await test.step('the page lists each request that it made', async () => {
    await page.getByText(EGRESS_COPY.show(recorder.sent.length)).first().click()
    const listed = await page.getByRole('table', { name: EGRESS_COPY.table }).locator('code').allInnerTexts()
    const onWire = recorder.sent.map(({ method, url }) => `${method} ${url.pathname}`)
    expect(listed.map((line) => line.replace(/\?.*$/, '')).toSorted()).toEqual(onWire.toSorted())
    await shot('egress')
  })
  expect(journey.complaints).toEqual([])
  await context.close()
})

/** Requests with anything in them beyond an address and the usual headers. */
function carrying(sent: readonly SentRequest[]): SentRequest[] {
  return sent.filter(({ method, body }) => method !== 'GET' || body.length > 0)
}

/** Byte for byte what the page showed, and a certificate of this very prompt. */
function checkUpload(upload: SentRequest, shown: ReadonlySet<string>): void {
  const parts = readMultipart(upload)
  expect([...parts.keys()].sort()).toEqual(Object.values(PARTS).sort())
  for (const part of parts.values()) expect(shown).toContain(sha256(part))
  const [config, weights, request] = [PARTS.config, PARTS.weights, PARTS.request].map((name) =>
    Uint8Array.from(parts.get(name) ?? []),
  )
  if (!config || !weights || !request) throw new Error('three parts were expected')
  const prompt = readPeft(config, weights)
  const { certificate, task } = TransferRequest.parse(JSON.parse(new TextDecoder().decode(request)))
  expect(certificate.promptSha256).toBe(sha256(weights))
  expect(certificate.declaredPublic.promptLength).toBe(prompt.length)
  expect(certificate.privacy?.epsilon).toBeLessThanOrEqual(8)
  expect(task).toEqual(JSON.parse(readFileSync(new URL('banking-task.json', SAMPLES), 'utf8')))
  // Headers, boundaries and the three parts are the whole body.
  const inParts = [...parts.values()].reduce((sum, { length }) => sum + length, 0)
  expect(upload.body.length - inParts).toBeLessThan(1_000)
}

/** Addresses are those of public files and of the job; nothing hides in a query or a header. */
function checkBare(requests: readonly SentRequest[]): void {
  for (const { url, headers } of requests) {
    expect(url.pathname).toMatch(/^\/(?:[\w@~.-]+\/)*[\w@~.-]*$/)
    expect(url.search).toMatch(/^(?:\?sha256=[0-9a-f]{64})?$/)
    expect(headers['cookie']).toBeUndefined()
    expect(headers['referer']).toBeUndefined()
  }
}

/** No row of the file and no text typed for the student is in any byte that was sent. */
function checkNoRow(sent: readonly SentRequest[]): void {
  const wire = sent
    .map(({ url, headers, body }) => [url.href, JSON.stringify(headers), body.toString()].join('\n'))
    .join('\n')
  expect(wire).toContain(TYPED_FOR_PROVIDER)
  expect(wire).not.toContain(TYPED_HERE)
  const rows = readFileSync(new URL('banking.csv', SAMPLES), 'utf8').split('\n').slice(1)
  const texts = rows.map((row) => row.slice(0, row.lastIndexOf(',')).replaceAll(/^"|"$/g, ''))
  expect(texts.length).toBeGreaterThan(10_000)
  expect(texts.filter((text) => text.length > 15 && wire.includes(text))).toEqual([])
}

async function shownHashes(main: { innerText(): Promise<string> }): Promise<ReadonlySet<string>> {
  return new Set((await main.innerText()).match(/\b[0-9a-f]{64}\b/g))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
