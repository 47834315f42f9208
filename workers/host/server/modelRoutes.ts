/** `/v1/models` and `/v1/public-sets`: what a page needs before it sends anything. No key needed. */
import type { Context, Hono } from 'hono'
import type * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import type { ModelList, PublicSetList } from '../../protocol/wire.ts'
import type { AppDeps } from './deps.ts'
import { streamFile } from './site.ts'

export function mountModels(app: Hono, { models, publicSets }: AppDeps): void {
  app.get('/v1/models', (c) => c.json({ models: models.list() } satisfies z.infer<typeof ModelList>))

  app.get('/v1/public-sets', (c) => c.json({ publicSets: publicSets.list() } satisfies z.infer<typeof PublicSetList>))

  app.get('/v1/models/:id/files/:name', (c) => {
    const file = models.file(c.req.param('id'), c.req.param('name'))
    const asked = c.req.query('sha256')
    if (file === null || (asked !== undefined && asked !== file.sha256)) {
      throw new SoftpostError('not-found', 'there is no such file to download; see /v1/models')
    }
    return answerFile(c, file, asked !== undefined)
  })
}

type File = { readonly path: string; readonly sizeBytes: number; readonly sha256: string }

/** With `?sha256=` the address names the content, which can therefore be kept for good. */
function answerFile(c: Context, file: File, byHash: boolean): Response {
  const etag = `"${file.sha256}"`
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': byHash ? 'public, max-age=31536000, immutable' : 'public, no-cache',
    'Accept-Ranges': 'bytes',
    ETag: etag,
  }
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
  const from = readFrom(c.req.header('range'))
  if (from >= file.sizeBytes && from > 0) {
    return c.body(null, 416, { ...headers, 'Content-Range': `bytes */${file.sizeBytes}` })
  }
  if (from > 0 && c.req.method === 'GET') {
    return c.body(streamFile(file.path, from), 206, {
      ...headers,
      'Content-Length': String(file.sizeBytes - from),
      'Content-Range': `bytes ${from}-${file.sizeBytes - 1}/${file.sizeBytes}`,
    })
  }
  const sized = { ...headers, 'Content-Length': String(file.sizeBytes) }
  return c.req.method === 'HEAD' ? c.body(null, 200, sized) : c.body(streamFile(file.path), 200, sized)
}

/** Where a download goes on (RFC 9110, 14.2). Ranges of other forms may be ignored: all of the file is sent. */
function readFrom(range: string | undefined): number {
  const [, digits] = /^bytes=(\d{1,15})-$/.exec(range ?? '') ?? []
  return Number(digits ?? 0)
}
