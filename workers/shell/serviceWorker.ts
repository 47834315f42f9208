/** The service worker: opens the page without a network. A new version waits until the person asks for it. */
import type { ShellCommand, ShellFetch, ShellManifest } from '../protocol/shell.ts'
import { Shell } from './shell.ts'

declare const self: ServiceWorkerGlobalScope
/** Put in by the build. */
declare const SHELL_MANIFEST: ShellManifest

const shell = new Shell(SHELL_MANIFEST, {
  caches,
  fetch: (url, init) => fetch(url, init),
  scope: new URL(self.registration.scope),
  report: (fetched) => void tellPages(fetched),
  cameFromCache: (url) => {
    const entry = performance.getEntriesByName(url.href, 'resource').at(-1)
    return entry instanceof PerformanceResourceTiming && entry.transferSize === 0 && entry.encodedBodySize > 0
  },
})

async function tellPages(fetched: ShellFetch): Promise<void> {
  const clients = await self.clients.matchAll({ includeUncontrolled: true, type: 'window' })
  for (const client of clients) client.postMessage(fetched)
}

self.addEventListener('install', (event) => event.waitUntil(shell.install()))
self.addEventListener('activate', (event) => event.waitUntil(shell.activate()))
self.addEventListener('fetch', (event) => {
  const answer = shell.answer(event.request)
  if (answer !== null) event.respondWith(answer)
})
self.addEventListener('message', (event) => {
  const command: ShellCommand = event.data
  if (command.type === 'take-over') void self.skipWaiting()
})
