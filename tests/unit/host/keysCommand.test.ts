/** `softpost keys`: the token is shown once and stored nowhere; a running host follows the file. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as z from 'zod/mini'
import { keysCommand } from '../../../workers/host/cli/keys.ts'
import { KeyRing, readKeys } from '../../../workers/host/server/keys.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-keys-'))
  file = join(folder, 'keys.json')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

async function run(...args: readonly string[]): Promise<string> {
  let said = ''
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  await keysCommand.run([...args, '--keys', file])
  return said
}

const Created = z.object({ id: z.string(), key: z.string(), invitation: z.nullable(z.string()) })
const create = async (...args: readonly string[]) =>
  Created.parse(JSON.parse(await run('create', '--json', '--tenant', ...args)))

test('a key is shown once, and its hash alone is kept, for this user alone', async () => {
  const { id, key, invitation } = await create('acme', '--url', 'https://host.example/')
  expect(key).toMatch(/^sp_[\w-]{43}$/)
  expect(invitation).toBe(`https://host.example/#key=${key}`)
  expect(await readFile(file, 'utf8')).not.toContain(key.slice(3))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(new KeyRing(file, () => undefined).find(key)).toMatchObject({
    tenant: 'acme',
    scopes: ['transfer', 'classify'],
  })
  const listed = await run('list')
  expect(listed).toBe(`${id}  acme  transfer,classify  does not expire\n`)
})

test('scopes, expiry and quotas are those that were asked for', async () => {
  const limits = ['--requests-per-minute', '60', '--bytes-per-day', '1000', '--compute-seconds-per-day', '0.5']
  await create('acme', '--scope', 'metrics', '--scope', 'transfer', '--days', '1', ...limits)
  const [entry] = readKeys(file)
  expect(entry).toMatchObject({
    scopes: ['transfer', 'metrics'],
    quota: { requestsPerMinute: 60, bytesPerDay: 1000, computeSecondsPerDay: 0.5 },
  })
  expect(Date.parse(entry?.expiresAt ?? '') - Date.now()).toBeGreaterThan(86_000_000)
})

test('commands at once lose no key', async () => {
  const command = new URL('../../../workers/host/cli/keys.ts', import.meta.url).href
  const code = `const { keysCommand } = await import('${command}'); await keysCommand.run(process.argv.slice(1))`
  const make = async (tenant: string) =>
    await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', code, '--', 'create', '--keys', file].concat('--tenant', tenant),
    )
  await Promise.all(['a', 'b', 'c'].map(make))
  const tenants = readKeys(file).map(({ tenant }) => tenant)
  expect(tenants.sort()).toEqual(['a', 'b', 'c'])
})

test('a running host knows new keys and forgets revoked ones; a broken file changes nothing', async () => {
  const first = await create('first')
  const says: string[] = []
  const ring = new KeyRing(file, (level) => says.push(level))
  const second = await create('second')
  await vi.waitFor(() => expect(ring.find(second.key)).not.toBeNull(), 5_000)
  await run('revoke', first.id)
  await vi.waitFor(() => expect(ring.find(first.key)).toBeNull(), 5_000)
  await writeFile(file, '{')
  await vi.waitFor(() => {
    expect(ring.find(second.key)).not.toBeNull()
    expect(says).toContain('error')
  }, 5_000)
})

test.for([
  [['create'], '--tenant is needed'],
  [['create', '--tenant', 'a b'], '--tenant a b is not a name'],
  [['create', '--tenant', 'a', '--scope', 'all'], '--scope all is not one of transfer, classify, metrics'],
  [['create', '--tenant', 'a', '--bytes-per-day', '1.5'], 'is not a whole number'],
  [['create', '--tenant', 'a', '--days', '0'], 'is not above zero'],
  [['create', '--tenant', 'a', '--url', 'host.example'], 'is not an address'],
  [['destroy'], 'say create, list or revoke'],
  [['revoke'], 'say which key'],
  [['revoke', 'a', 'b'], 'too many words'],
  [['list'], 'cannot be read'],
] as const)('%j is one clear line', async ([args, message]) => {
  await expect(run(...args)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) })
})

test('a key that is not there cannot be revoked', async () => {
  const { id } = await create('acme')
  await expect(run('revoke', '0'.repeat(12))).rejects.toMatchObject({ code: 'not-found' })
  await run('revoke', id)
  expect(readKeys(file)).toEqual([])
})
