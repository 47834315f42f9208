import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ShellFetch } from '../../../workers/protocol/shell.ts'
import { Shell } from '../../../workers/shell/shell.ts'

const SCOPE = new URL('https://files.example/softpost/')
const urlOf = (path: string) => new URL(path, SCOPE).href

class FakeCache {
  readonly kept = new Map<string, Response>()
  async match(url: URL): Promise<Response | undefined> {
    return this.kept.get(url.href)?.clone()
  }
  async put(url: URL, response: Response): Promise<void> {
    this.kept.set(url.href, response)
  }
}

class FakeCaches {
  readonly all = new Map<string, FakeCache>()
  async open(name: string): Promise<FakeCache> {
    const cache = this.all.get(name) ?? new FakeCache()
    this.all.set(name, cache)
    return cache
  }
  async keys(): Promise<string[]> {
    return [...this.all.keys()]
  }
  async delete(name: string): Promise<boolean> {
    return this.all.delete(name)
  }
}

let online: Map<string, string>
let caches: FakeCaches
let asked: string[]
let reports: ShellFetch[]
beforeEach(() => {
  online = new Map([
    ['index.html', '<p>page</p>'],
    ['workers/tuner-12345678.js', 'tuner'],
    ['config.json', '{"endpoint":"https://api.example"}'],
    ['samples/index.json', '{}'],
  ])
  caches = new FakeCaches()
  asked = []
  reports = []
})

function shellOf(version: string, headers: Record<string, string> = {}): Shell {
  const files = ['index.html', 'workers/tuner-12345678.js'].map((path) => ({
    path,
    sha256: createHash('sha256')
      .update(online.get(path) ?? '')
      .digest('hex'),
  }))
  return new Shell(
    { version, files },
    {
      // The two calls of the interface that a shell makes.
      caches: caches as unknown as CacheStorage,
      fetch: async (url) => {
        const path = url.href.slice(SCOPE.href.length)
        asked.push(path)
        const text = online.get(path)
        if (online.size === 0) throw new TypeError('no network')
        return text === undefined ? new Response('', { status: 404 }) : new Response(text, { headers })
      },
      scope: SCOPE,
      report: (fetched) => void reports.push(fetched),
      cameFromCache: () => false,
    },
  )
}

const get = (shell: Shell, path: string, mode: RequestMode = 'cors') =>
  shell.answer({ method: 'GET', url: urlOf(path), mode })

describe('a shell', () => {
  test('opens the page without a network, with the policy that its host did not set', async () => {
    const shell = shellOf('1')
    await shell.install()
    online.clear()
    const page = await get(shell, '', 'navigate')
    expect(await page?.text()).toBe('<p>page</p>')
    expect(page?.headers.get('content-security-policy')).toContain("connect-src 'self' https://api.example")
    const worker = await get(shell, 'workers/tuner-12345678.js')
    expect(worker?.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
  })

  test('leaves a policy that the host sets as it is', async () => {
    const shell = shellOf('1', { 'Content-Security-Policy': "default-src 'none'" })
    await shell.install()
    expect((await get(shell, 'index.html'))?.headers.get('content-security-policy')).toBe("default-src 'none'")
  })

  test('never touches the API, other methods, other folders or other sites', () => {
    const shell = shellOf('1')
    const untouched = [
      { method: 'GET', url: urlOf('v1/models'), mode: 'cors' },
      { method: 'POST', url: urlOf('index.html'), mode: 'cors' },
      { method: 'GET', url: 'https://files.example/other/index.html', mode: 'navigate' },
      { method: 'GET', url: 'https://api.example/softpost/index.html', mode: 'cors' },
    ] as const
    for (const request of untouched) expect(shell.answer(request)).toBeNull()
    expect(asked).toEqual([])
  })

  test('tells of each request that it makes, once', async () => {
    const shell = shellOf('1')
    await shell.install()
    expect(reports.map(({ path, status }) => [path, status])).toEqual([
      ['/softpost/index.html', 200],
      ['/softpost/workers/tuner-12345678.js', 200],
      ['/softpost/config.json', 200],
    ])
    await get(shell, 'index.html')
    // The page made this one and lists it itself.
    await get(shell, 'samples/index.json')
    expect(reports.map(({ path }) => path)).not.toContain('/softpost/samples/index.json')
    expect(asked.filter((path) => path === 'index.html')).toHaveLength(1)
  })

  test('is not made of files of another version', async () => {
    const shell = shellOf('1')
    online.set('index.html', 'newer')
    await expect(shell.install()).rejects.toThrow(/not of this version/)
    online.delete('index.html')
    await expect(shell.install()).rejects.toThrow(/answered 404/)
  })

  test('of a new version takes the place of the old one when it is let in', async () => {
    await shellOf('1').install()
    const next = shellOf('2')
    await next.install()
    expect(await caches.keys()).toEqual(['softpost-shell-1', 'softpost-shell-2'])
    await next.activate()
    expect(await caches.keys()).toEqual(['softpost-shell-2'])
  })

  test('answers settings and samples from the network first, and from what it kept without one', async () => {
    const shell = shellOf('1')
    await get(shell, 'samples/index.json')
    online.set('samples/index.json', '{"new":true}')
    expect(await (await get(shell, 'samples/index.json'))?.text()).toBe('{"new":true}')
    online.clear()
    expect(await (await get(shell, 'samples/index.json'))?.text()).toBe('{"new":true}')
    await expect(get(shell, 'samples/other.csv')).rejects.toThrow('no network')
  })
})
