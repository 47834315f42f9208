import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { headersFile, nginxSnippet, siteCommand } from '../../../workers/host/cli/site.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softpost-site-'))
  mkdirSync(join(folder, 'dist', 'workers'), { recursive: true })
  for (const name of ['index.html', 'sw.js', 'workers/tuner-12345678.js'])
    writeFileSync(join(folder, 'dist', name), name)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const site = (...args: string[]) => siteCommand.run([...args, '--site', join(folder, 'dist'), '--json'])
const read = (name: string) => readFileSync(join(folder, 'out', name), 'utf8')

describe('softpost site', () => {
  test('writes the page, where its API is, and the headers that it needs', async () => {
    expect(await site('--endpoint', 'https://api.example.org/', '--out', join(folder, 'out'))).toBe(0)
    expect(read('index.html')).toBe('index.html')
    expect(JSON.parse(read('config.json'))).toEqual({ endpoint: 'https://api.example.org' })
    const rules = read('_headers').split('\n\n')
    const rule = (place: string) => rules.find((text) => text.startsWith(`${place}\n`)) ?? ''
    expect(rule('/')).toContain("connect-src 'self' https://api.example.org;")
    expect(rule('/workers/*')).toContain("Content-Security-Policy: default-src 'none'; script-src 'wasm-unsafe-eval'")
    expect(rule('/workers/*')).not.toContain('api.example.org')
  })

  test.each([
    [['--endpoint', 'http://example.org', '--out', 'x'], /needs https/],
    [['--endpoint', 'example.org', '--out', 'x'], /not an address/],
    [['--out', 'x'], /--endpoint is needed/],
    [['--endpoint', 'https://example.org'], /--out is needed/],
  ])('refuses %j', async (args, message) => {
    const error = await site(...args).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SoftpostError)
    expect(String(error)).toMatch(message)
  })

  test('leaves a folder with other things in it alone', async () => {
    await expect(site('--endpoint', 'https://example.org', '--out', join(folder, 'dist'))).rejects.toThrow(
      /other files/,
    )
  })
})

test('rules for the worker and the page never overlap', () => {
  const places = headersFile(['/', '/index.html', '/assets/*', '/workers/*'], '').match(/^\/.*$/gm)
  expect(places).toEqual(['/', '/index.html', '/assets/*', '/workers/*'])
  expect(nginxSnippet('').match(/^location .*$/gm)).toEqual(['location / {', 'location /workers/ {'])
})
