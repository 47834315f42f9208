/** `/v1/prompts`: the large model with a transferred prompt. The texts are used and forgotten: no file, no log. */
import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { SoftpostError } from '../../protocol/errors.ts'
import { ClassifyRequest, type ClassifyResponse } from '../../protocol/wire.ts'
import { admit, countBytes, type AppDeps } from './deps.ts'

export function mountPrompts(app: Hono, deps: AppDeps): void {
  const { transfers, models, classifier, limits, metrics, quotas } = deps
  const tooLarge = () => {
    throw new SoftpostError('too-large', `the request is larger than ${limits.classifyBytes} bytes; send fewer texts`)
  }

  app.post('/v1/prompts/:id/classify', bodyLimit({ maxSize: limits.classifyBytes, onError: tooLarge }), async (c) => {
    const caller = admit(c, deps, 'classify')
    const { stored, folder } = await transfers.result(caller.tenant, c.req.param('id'))
    const body = await readBody(c.req.raw)
    countBytes(c, deps, caller, body.byteLength)
    const { texts } = ClassifyRequest.parse(parseJson(body))
    const teacher = models.teacher(stored.record.teacher)
    const started = performance.now()
    const work = {
      modelDir: teacher.dir,
      backend: deps.backend,
      promptDir: folder,
      task: stored.record.request.task,
      texts,
    }
    const response: ClassifyResponse = { predictions: await classifier.classify(work) }
    const seconds = (performance.now() - started) / 1000
    quotas.spend(caller.tenant, seconds)
    metrics.count('softpost_classify_texts_total', 'Texts classified by the large model.', {}, texts.length)
    metrics.count('softpost_classify_seconds_total', 'Seconds of classify calls, waiting included.', {}, seconds)
    return c.json(response)
  })
}

async function readBody(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer())
  } catch (error) {
    throw new SoftpostError('bad-request', 'the body is not complete; send it again', { cause: error })
  }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new SoftpostError('bad-request', 'the body is not JSON in UTF-8; see /openapi.json', { cause: error })
  }
}
