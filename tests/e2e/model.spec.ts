/** Where the model comes from: the provider, this browser's own storage, or a folder on this computer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { MODEL_COPY } from '../../src/features/model/copy.ts'
import { ModelList } from '../../workers/protocol/wire.ts'
import { describeError } from '../../src/ui/errorCopy.ts'
import { Journey } from './support/journey.ts'

const MODEL_FILE = /\/v1\/models\/[^/]+\/files\/model\.safetensors/
const OLD_MODELS = ['a'.repeat(64), 'b'.repeat(64)]
const OLD_BYTES = 10 * 2 ** 20
const FOLDER = 'tests/golden/stories260K'

test('is kept for the next visit, goes on after a broken download, and needs no host then', async ({ page }) => {
  const journey = new Journey(page)
  await journey.open()
  await journey.loadModel()

  await test.step('a broken download goes on where it was', async () => {
    await page.evaluate<void, 'cut' | 'damage'>(alterParts, 'cut')
    const ranges: (string | null)[] = []
    const statuses: number[] = []
    page.on('request', (request) => {
      if (MODEL_FILE.test(request.url())) ranges.push(request.headers()['range'] ?? null)
    })
    page.on('response', (response) => {
      if (MODEL_FILE.test(response.url())) statuses.push(response.status())
    })
    await page.reload()
    await journey.loadModel()
    expect(ranges).toEqual(['bytes=1000-'])
    expect(statuses).toEqual([206])
  })

  await test.step('with the host away', async () => {
    await page.route('**/v1/**', (route) => route.abort())
    await page.reload()
    await journey.loadModel()
    await page.unroute('**/v1/**')
  })

  await test.step('a damaged file is found out and not met again', async () => {
    await page.evaluate<void, 'cut' | 'damage'>(alterParts, 'damage')
    await page.reload()
    await page.getByRole('button', { name: /^Load the model/ }).click()
    const { title } = describeError({ code: 'model-unknown', message: '' })
    await expect(page.getByText(title)).toBeVisible({ timeout: 60_000 })
    await journey.loadModel()
  })
  expect(journey.complaints.filter((line) => !line.includes('ERR_FAILED'))).toEqual([])
})

test('takes the place of the one that was kept longest, and of no other', async ({ page }) => {
  const journey = new Journey(page)
  await journey.open()
  const usedBytes = await page.evaluate(keepOldModels, OLD_MODELS)
  const { models } = ModelList.parse(await (await page.request.get('/v1/models')).json())
  const wantedBytes = models[0]?.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0
  // Room for one of the old ones beside the new one and what is spared for the runs.
  await page.evaluate(limitQuota, usedBytes - OLD_BYTES + wantedBytes + 32 * 2 ** 20 + OLD_BYTES / 2)
  await journey.loadModel()
  const kept = await page.evaluate(keptModels)
  expect(kept).not.toContain(OLD_MODELS[0])
  expect(kept).toContain(OLD_MODELS[1])
  expect(kept).toContain(models[0]?.sha256)
  expect(journey.complaints).toEqual([])
})

test('is used from memory where the browser has no room for it', async ({ page }) => {
  await page.addInitScript(() => {
    FileSystemFileHandle.prototype.createWritable = () =>
      Promise.reject(new DOMException('no room', 'QuotaExceededError'))
  })
  const journey = new Journey(page)
  await journey.open()
  await journey.loadModel()
  expect(journey.complaints).toEqual([])
})

test('may be a folder on this computer', async ({ page }) => {
  const journey = new Journey(page)
  await journey.open()
  await page.locator('summary', { hasText: MODEL_COPY.folder.pick }).click()
  const picker = page.getByLabel(MODEL_COPY.folder.pick, { exact: true }).and(page.locator('input'))

  await test.step('one that is no model says what it lacks', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'softpost-e2e-'))
    writeFileSync(join(empty, 'notes.txt'), 'nothing here')
    await picker.setInputFiles(empty)
    await expect(page.getByText(/config\.json, tokenizer\.json, model\.safetensors missing/)).toBeVisible()
    rmSync(empty, { recursive: true })
  })

  await test.step('a real one is read where it is', async () => {
    await page.reload()
    await page.locator('summary', { hasText: MODEL_COPY.folder.pick }).click()
    await picker.setInputFiles(FOLDER)
    await expect(page.getByText(MODEL_COPY.ready.title)).toBeVisible({ timeout: 120_000 })
    await expect(page.getByText(MODEL_COPY.folder.used('stories260k'))).toBeVisible()
  })
  expect(journey.complaints).toEqual([])
})

/** In the page: keeps models of an earlier time, in this order. Returns the bytes that the browser then counts. */
async function keepOldModels(names: readonly string[]): Promise<number> {
  const root = await navigator.storage.getDirectory()
  const models = await root.getDirectoryHandle('models', { create: true })
  for (const name of names) {
    const model = await models.getDirectoryHandle(name, { create: true })
    const file = await model.getDirectoryHandle('weights', { create: true })
    const writer = await (await file.getFileHandle('0', { create: true })).createWritable()
    await writer.write(new Uint8Array(10 * 2 ** 20))
    await writer.close()
    // Times of files have a resolution.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return (await navigator.storage.estimate()).usage ?? 0
}

/** In the page: a browser that has no more room than this. */
function limitQuota(quota: number): void {
  const measured = navigator.storage.estimate.bind(navigator.storage)
  navigator.storage.estimate = async () => ({ ...(await measured()), quota })
}

async function keptModels(): Promise<string[]> {
  const root = await navigator.storage.getDirectory()
  const names: string[] = []
  for await (const name of (await root.getDirectoryHandle('models')).keys()) names.push(name)
  return names
}

/**
 * In the page: cuts the large files that it keeps, as a page does that is closed in the middle of a download, or
 * changes their last byte.
 */
async function alterParts(how: 'cut' | 'damage'): Promise<void> {
  const folders = [await navigator.storage.getDirectory()]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of folder.values()) {
      if (entry instanceof FileSystemDirectoryHandle) folders.push(entry)
      if (!(entry instanceof FileSystemFileHandle)) continue
      const { size } = await entry.getFile()
      if (size < 2 ** 20) continue
      const writer = await entry.createWritable({ keepExistingData: true })
      if (how === 'cut') await writer.truncate(1_000)
      else await writer.write({ type: 'write', position: size - 1, data: new Uint8Array([123]) })
      await writer.close()
    }
  }
}
