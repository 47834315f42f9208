/** The page's copy for use offline: made by the service worker, renewed when the person wants it. */
import { create } from 'zustand'
import type { ShellCommand, ShellFetch } from '../../workers/protocol/shell.ts'
import { recordPageLoad } from './egress.ts'

export type OfflineState = {
  /**
   * `none`: this browser or this address allows no service worker. `update`: a new version waits for the person.
   * `failed`: the copy was not made; the page works as ever while there is a network.
   */
  readonly status: 'none' | 'copying' | 'ready' | 'update' | 'failed'
}

export const useOffline = create<OfflineState>(() => ({ status: 'none' }))

let registration: ServiceWorkerRegistration | null = null

/** Registers the service worker of a built page. Never throws. */
export async function followServiceWorker(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<ShellFetch>) => {
    const { path, at, bytesDown, status } = data
    recordPageLoad({ at, address: path, bytesDown, status })
  })
  try {
    const url = new URL('./sw.js', location.href)
    // The browser asks for it anew with each visit, and tells nobody.
    recordPageLoad({ at: Date.now(), address: url.pathname, bytesDown: 0, status: 'unknown' })
    registration = await navigator.serviceWorker.register(url, { scope: './', updateViaCache: 'none' })
    watch(registration)
  } catch {
    useOffline.setState({ status: 'failed' })
  }
}

function watch(registration: ServiceWorkerRegistration): void {
  if (registration.waiting !== null && navigator.serviceWorker.controller !== null) {
    useOffline.setState({ status: 'update' })
  } else if (registration.active !== null) useOffline.setState({ status: 'ready' })
  if (registration.installing !== null) watchInstall(registration.installing)
  registration.addEventListener('updatefound', () => {
    if (registration.installing !== null) watchInstall(registration.installing)
  })
}

function watchInstall(worker: ServiceWorker): void {
  const isFirst = navigator.serviceWorker.controller === null && registration?.active === null
  if (isFirst) useOffline.setState({ status: 'copying' })
  worker.addEventListener('statechange', () => {
    if (worker.state === 'installed' && !isFirst) useOffline.setState({ status: 'update' })
    if (worker.state === 'activated') useOffline.setState({ status: 'ready' })
    if (worker.state === 'redundant' && isFirst) useOffline.setState({ status: 'failed' })
  })
}

/** Lets the new version take over, and loads the page anew. */
export function takeUpdate(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  const command: ShellCommand = { type: 'take-over' }
  registration?.waiting?.postMessage(command)
}
