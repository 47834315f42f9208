/** The host as a browser meets it: alive, with the page under its policy, and keeping the large model to itself. */
import { readdirSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { ModelList } from '../../workers/protocol/wire.ts'

test('answers that it is alive and ready', async ({ request }) => {
  const health = await request.get('/healthz')
  expect(health.status()).toBe(200)
  expect(await health.json()).toEqual({ ok: true })
  expect((await request.get('/readyz')).status()).toBe(200)
})

test('serves the page under a policy that keeps it to this host', async ({ page }) => {
  const response = await page.goto('/')
  expect(response?.status()).toBe(200)
  const headers = response?.headers() ?? {}
  expect(headers['content-type']).toContain('text/html')
  const policy = headers['content-security-policy']?.split('; ') ?? []
  expect(policy).toContain("default-src 'self'")
  expect(policy).toContain("connect-src 'self'")
  expect(policy).toContain("object-src 'none'")
  expect(headers['cross-origin-opener-policy']).toBe('same-origin')
  expect(headers['cross-origin-embedder-policy']).toBe('require-corp')
  await expect(page).toHaveTitle(/Softpost/)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
})

test('gives every worker a policy without any network', async ({ request }) => {
  const workers = readdirSync(new URL('../../dist/workers', import.meta.url)).filter((name) => name.endsWith('.js'))
  expect(workers.some((name) => name.startsWith('tuner-'))).toBe(true)
  for (const name of workers) {
    const response = await request.get(`/workers/${name}`)
    expect(response.status()).toBe(200)
    expect(response.headers()['content-security-policy']).toBe(
      "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src blob:",
    )
  }
})

test("lists the models, and gives out the student's files alone", async ({ request }) => {
  const { models } = ModelList.parse(await (await request.get('/v1/models')).json())
  const student = models.find(({ role }) => role === 'student')
  const teacher = models.find(({ role }) => role === 'teacher')
  expect(student?.files.map(({ name }) => name)).toContain('model.safetensors')
  expect(student?.teacher).toBe(teacher?.id)
  expect(teacher?.files).toEqual([])
  expect((await request.head(`/v1/models/${student?.id}/files/model.safetensors`)).status()).toBe(200)
  expect((await request.get(`/v1/models/${teacher?.id}/files/model.safetensors`)).status()).toBe(404)
})
