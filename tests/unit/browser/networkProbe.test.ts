import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { probeNetwork } from '../../../workers/browser/networkProbe.ts'

const ATTEMPTS = ['fetch', 'XMLHttpRequest', 'WebSocket', 'WebTransport', 'EventSource', 'import()', 'nested Worker']

/** Node has no policy that refuses: what is refused by the browser is shown by the browser's own test. */
test('where a request gets through, nothing that exists counts as refused', async () => {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const probe = await probeNetwork(`http://127.0.0.1:${port}`)
    expect(probe.map(({ attempt }) => attempt)).toEqual(ATTEMPTS)
    const open = probe.flatMap(({ attempt, outcome }) => (outcome === 'open' ? [attempt] : []))
    expect(open).toEqual(['fetch', 'WebSocket', 'import()'])
    expect(paths).toContain('/config.json?probe=fetch')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a place where nothing gets out settles within seconds', async () => {
  const { fetch } = globalThis
  globalThis.fetch = () => new Promise(() => undefined)
  try {
    const probe = await probeNetwork('http://127.0.0.1:9')
    // Nothing reports here, so nothing is claimed beyond what does not exist.
    expect(new Set(probe.map(({ outcome }) => outcome))).toEqual(new Set(['refused', 'silent']))
  } finally {
    globalThis.fetch = fetch
  }
})
