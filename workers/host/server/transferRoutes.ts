/** `/v1/transfers`: send a prompt, follow its job, fetch the result, delete it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { SoftpostError } from '../../protocol/errors.ts'
import { PARTS } from '../../protocol/wire.ts'
import { toJob } from '../store/record.ts'
import type { Submission, Submitted } from '../queue/transferService.ts'
import { authenticate, mayStillAsk, type Caller } from './access.ts'
import { AtOnce } from './atOnce.ts'
import { countUnannounced, receive } from './body.ts'
import { admit, FOLLOWING, type AppDeps } from './deps.ts'
import { checkUpload, readParts } from './upload.ts'

/** A comment line every so often keeps proxies from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000

const FILE_TYPES: Readonly<Record<string, string>> = {
  [PARTS.config]: 'application/json',
  [PARTS.weights]: 'application/octet-stream',
}

export function mountTransfers(app: Hono, deps: AppDeps): void {
  const { transfers, limits, metrics } = deps
  const uploads = new AtOnce('uploads', { all: limits.uploadsAtOnce, tenant: limits.uploadsOfTenant })
  const streams = new AtOnce('streams of events', { all: limits.streamsAtOnce, tenant: limits.streamsOfTenant })

  app.post('/v1/transfers', async (c) => {
    const received = await receive(c, deps, { scope: 'transfer', places: uploads, mostBytes: limits.uploadBytes })
    try {
      const parts = await readParts(c.req.raw)
      const { config, weights, request } = parts
      const bytes = await countUnannounced(deps, received, config.byteLength + weights.byteLength + request.byteLength)
      const { job, isNew } = await submit(deps, { caller: received.caller, bytes }, checkUpload(parts, deps))
      if (!isNew) await deps.quotas.giveBack(received.caller, { requests: 0, bytes })
      metrics.count('softpost_upload_bytes_total', 'Bytes of accepted prompts.', {}, weights.byteLength)
      return c.json(job, 202, { Location: `/v1/transfers/${job.id}` })
    } finally {
      received.leave()
    }
  })

  app.get('/v1/transfers/:id', async (c) => {
    const { tenant } = await admit(c, deps, 'transfer')
    return c.json(toJob(await transfers.read(tenant, c.req.param('id'))))
  })

  app.get('/v1/transfers/:id/events', async (c) => {
    const caller = authenticate(c, deps.access, 'transfer', deps.now())
    await using opened = new AsyncDisposableStack()
    opened.defer(streams.enter(caller.tenant))
    await deps.quotas.admit(caller, FOLLOWING)
    const id = c.req.param('id')
    await transfers.read(caller.tenant, id)
    // nginx holds a stream back otherwise.
    c.header('X-Accel-Buffering', 'no')
    const mayGoOn = () => mayStillAsk(c, deps.access, 'transfer', deps.now())
    const untilTold = opened.move()
    return streamSSE(c, async (stream) => {
      await using held = untilTold
      const closed = new AbortController()
      stream.onAbort(() => closed.abort())
      const keepAlive = setInterval(() => {
        if (mayGoOn()) void stream.write(': keep-alive\n\n')
        else closed.abort()
      }, KEEP_ALIVE_MS)
      held.defer(() => clearInterval(keepAlive))
      for await (const job of transfers.watch(caller.tenant, id, closed.signal)) {
        if (!mayGoOn()) return
        await stream.writeSSE({ event: 'job', data: JSON.stringify(job) })
      }
    })
  })

  app.get('/v1/transfers/:id/prompt', async (c) => {
    const { tenant } = await admit(c, deps, 'transfer')
    const { folder } = await transfers.result(tenant, c.req.param('id'))
    const form = new FormData()
    for (const [name, type] of Object.entries(FILE_TYPES)) {
      form.append(name, new File([await readFile(join(folder, name))], name, { type }))
    }
    // The type line carries the boundary that the form chose.
    const packed = new Response(form)
    const type = packed.headers.get('content-type') ?? 'multipart/form-data'
    return c.body(await packed.arrayBuffer(), 200, { 'Content-Type': type })
  })

  app.get('/v1/transfers/:id/prompt/:file', async (c) => {
    const { tenant } = await admit(c, deps, 'transfer')
    const name = c.req.param('file')
    const type = FILE_TYPES[name]
    if (type === undefined)
      throw new SoftpostError('not-found', `the prompt has the files ${Object.keys(FILE_TYPES).join(', ')}`)
    const { folder } = await transfers.result(tenant, c.req.param('id'))
    return c.body(new Uint8Array(await readFile(join(folder, name))), 200, {
      'Content-Type': type,
      'Content-Disposition': `attachment; filename="${name}"`,
    })
  })

  app.delete('/v1/transfers/:id', async (c) => {
    const { tenant } = await admit(c, deps, 'transfer')
    await transfers.remove(tenant, c.req.param('id'))
    return c.body(null, 204)
  })
}

type Counted = { readonly caller: Caller; readonly bytes: number }

/** Turned away after all, a request costs nothing. */
async function submit(
  { transfers, quotas }: AppDeps,
  { caller, bytes }: Counted,
  submission: Submission,
): Promise<Submitted> {
  try {
    return await transfers.submit(caller.tenant, submission)
  } catch (error) {
    if (error instanceof SoftpostError && error.code === 'busy') await quotas.giveBack(caller, { requests: 1, bytes })
    throw error
  }
}
