/**
 * The site's own files, kept so that the page opens without a network, and given out with the headers that keep the
 * promise where a file host cannot set them (design section 10). Nothing of the API passes through here.
 */
import { siteHeaders } from '../protocol/policy.ts'
import type { ShellFetch, ShellFile, ShellManifest } from '../protocol/shell.ts'
import * as z from 'zod/mini'
import { SiteConfig } from '../protocol/wire.ts'

const PREFIX = 'softpost-shell-'
const PAGE = 'index.html'
const CONFIG = 'config.json'

/** Asked of the network first; the last answer stands in when there is none. */
const KEPT_IN_PASSING = /^(?:config\.json|samples\/[\w.-]+)$/

export type ShellParts = {
  readonly caches: CacheStorage
  readonly fetch: (url: URL, init?: RequestInit) => Promise<Response>
  /** The folder of the site, with a slash at its end. */
  readonly scope: URL
  /** Told of requests that no other list holds. */
  readonly report: (fetched: ShellFetch) => void
  /** Whether the browser took the last answer for this address out of its cache. */
  readonly cameFromCache: (url: URL) => boolean
}

export type Wanted = { readonly method: string; readonly url: string; readonly mode: RequestMode }

export class Shell {
  readonly #files: ReadonlyMap<string, ShellFile>
  readonly #name: string
  readonly #parts: ShellParts

  constructor({ version, files }: ShellManifest, parts: ShellParts) {
    this.#files = new Map(files.map((file) => [file.path, file]))
    this.#name = PREFIX + version
    this.#parts = parts
  }

  /** Keeps every file of the site. Fails as a whole where one is missing or is not the one that was built. */
  async install(): Promise<void> {
    const cache = await this.#parts.caches.open(this.#name)
    for (const file of this.#files.values()) {
      const response = await this.#fetch(file.path)
      if (!response.ok) throw new Error(`${file.path} answered ${response.status}; the next visit tries again`)
      if ((await sha256Hex(await response.clone().arrayBuffer())) !== file.sha256) {
        throw new Error(`${file.path} is not of this version; the next visit tries again`)
      }
      await cache.put(this.#urlOf(file.path), response)
    }
    // Where the API is; a site without settings of its own is complete as it is.
    await this.#fetchConfig(cache)
  }

  /** Forgets the files of other versions. */
  async activate(): Promise<void> {
    const names = await this.#parts.caches.keys()
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== this.#name)
    await Promise.all(old.map((name) => this.#parts.caches.delete(name)))
  }

  /** Null for everything that is not a file of the site: the browser then does as it would without us. */
  answer({ method, url, mode }: Wanted): Promise<Response> | null {
    const path = this.#pathOf(new URL(url))
    if (method !== 'GET' || path === null) return null
    if (mode === 'navigate') return path === '' || path === PAGE ? this.#kept(PAGE) : null
    if (this.#files.has(path)) return this.#kept(path)
    return KEPT_IN_PASSING.test(path) ? this.#freshest(path, url) : null
  }

  async #kept(path: string): Promise<Response> {
    const cache = await this.#parts.caches.open(this.#name)
    const found = await cache.match(this.#urlOf(path))
    if (found !== undefined) return await this.#withHeaders(path, found)
    // The browser freed the space: one file is fetched again as it would be without us.
    return await this.#withHeaders(path, await this.#fetch(path))
  }

  /** The page lists these requests itself. */
  async #freshest(path: string, url: string): Promise<Response> {
    const cache = await this.#parts.caches.open(this.#name)
    try {
      const response = await this.#parts.fetch(new URL(url), { credentials: 'omit' })
      if (response.ok) await cache.put(this.#urlOf(path), response.clone())
      return await this.#withHeaders(path, response)
    } catch (error) {
      const found = await cache.match(this.#urlOf(path))
      if (found !== undefined) return await this.#withHeaders(path, found)
      throw error
    }
  }

  async #fetch(path: string): Promise<Response> {
    const url = this.#urlOf(path)
    const at = Date.now()
    // Names with a hash never change; the others are asked for anew.
    const isHashed = /-[\w-]{8,}\.\w+$/.test(path)
    const response = await this.#parts.fetch(url, { credentials: 'omit', cache: isHashed ? 'default' : 'no-cache' })
    const bytesDown = (await response.clone().arrayBuffer()).byteLength
    if (!this.#parts.cameFromCache(url)) {
      this.#parts.report({ type: 'fetched', path: url.pathname, at, bytesDown, status: response.status })
    }
    return response
  }

  /** A host that sets the policy itself knows better. */
  async #withHeaders(path: string, response: Response): Promise<Response> {
    if (response.headers.has('content-security-policy')) return response
    const headers = new Headers(response.headers)
    for (const [name, value] of Object.entries(siteHeaders(`/${path}`, await this.#endpoint())))
      headers.set(name, value)
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
  }

  /** Where the API is, as the site's settings say; '' where it is the site's own host. */
  async #endpoint(): Promise<string> {
    const cache = await this.#parts.caches.open(this.#name)
    const kept = await cache.match(this.#urlOf(CONFIG))
    const response = kept ?? (await this.#fetchConfig(cache))
    if (response === null) return ''
    const parsed = z.safeParse(SiteConfig, await response.json())
    return parsed.success ? parsed.data.endpoint : ''
  }

  async #fetchConfig(cache: Cache): Promise<Response | null> {
    const response = await this.#fetch(CONFIG).catch(() => null)
    if (response === null || !response.ok) return null
    await cache.put(this.#urlOf(CONFIG), response.clone())
    return response
  }

  /** The path below the site's folder; null for an address elsewhere. */
  #pathOf(url: URL): string | null {
    const { scope } = this.#parts
    if (url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return null
    return url.pathname.slice(scope.pathname.length)
  }

  #urlOf(path: string): URL {
    return new URL(path, this.#parts.scope)
  }
}

async function sha256Hex(bytes: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
