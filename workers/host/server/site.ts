/** The built page: static files with the headers of workers/protocol/policy.ts, and `config.json`, which tells it where the API is. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { Readable } from 'node:stream'
import type { Context, Hono } from 'hono'
import type { SiteConfig } from '../../protocol/wire.ts'
import { isMissing } from '../store/atomic.ts'
import { siteHeaders } from '../../protocol/policy.ts'
import { CompressedFiles, encodingFor, isCompressible } from './compressed.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.csv': 'text/csv; charset=utf-8',
  '.tsv': 'text/tab-separated-values; charset=utf-8',
  '.jsonl': 'application/jsonl',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.map': 'application/json',
}

/** Names that carry a hash of their content, as the build makes them under these folders. */
const HASHED = /^\/(?:assets|workers)\/.+-[\w-]{8,}\.\w+$/

/**
 * A path that names a file below the site's folder: no empty, hidden or parent segment, no odd separator, and no more
 * than file systems take.
 */
const PLAIN_PATH = /^(?=.{1,1024}$)(?:\/[A-Za-z0-9_@~-][A-Za-z0-9._@~-]{0,200})+$/

export function mountSite(app: Hono, folder: string, { isWorkshop }: { readonly isWorkshop: boolean }): void {
  const config: SiteConfig = { endpoint: '', ...(isWorkshop ? { workshop: true } : {}) }
  app.get('/config.json', (c) => c.json(config, 200, { ...siteHeaders('/config.json'), 'Cache-Control': 'no-cache' }))
  const site: Site = { folder, compressed: new CompressedFiles() }
  app.get('*', async (c, next) => (await serveFile(c, site)) ?? (await next()))
}

type Site = { readonly folder: string; readonly compressed: CompressedFiles }

async function serveFile(c: Context, { folder, compressed }: Site): Promise<Response | null> {
  const path = c.req.path === '/' ? '/index.html' : c.req.path
  if (!PLAIN_PATH.test(path)) return null
  const file = join(folder, ...path.slice(1).split('/'))
  if (!file.startsWith(folder + sep)) return null
  const found = await statFile(file)
  if (found === null) return null
  const type = TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream'
  const mayCompress = isCompressible(type, found.size)
  const encoding = mayCompress ? encodingFor(c.req.header('accept-encoding')) : null
  const version = `${found.size.toString(16)}-${Math.trunc(found.mtimeMs).toString(16)}`
  const etag = `"${version}${encoding === null ? '' : `-${encoding}`}"`
  const headers = {
    ...siteHeaders(c.req.path),
    'Content-Type': type,
    'Cache-Control': HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: etag,
    ...(mayCompress ? { Vary: 'Accept-Encoding' } : {}),
    ...(encoding === null ? {} : { 'Content-Encoding': encoding }),
  }
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
  const bytes = encoding === null ? null : await compressed.get(file, version, encoding)
  const sized = { ...headers, 'Content-Length': String(bytes?.length ?? found.size) }
  if (c.req.method === 'HEAD') return c.body(null, 200, sized)
  return c.body(bytes === null ? streamFile(file) : new Uint8Array(bytes), 200, sized)
}

/** A file as the body of a response, or what follows its first `start` bytes. */
export function streamFile(path: string, start = 0): ReadableStream<Uint8Array> {
  // Node's own stream type and the DOM's are the same thing under two names.
  return Readable.toWeb(createReadStream(path, { start })) as ReadableStream<Uint8Array>
}

async function statFile(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | null> {
  try {
    const found = await stat(path)
    return found.isFile() ? found : null
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
