/** `/v1/prompts`: the large model with a transferred prompt. The texts are used and forgotten: no file, no log. */
import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { SoftpostError } from '../../protocol/errors.ts'
import { ClassifyRequest, type ClassifyResponse } from '../../protocol/wire.ts'
import { admit, type AppDeps } from './deps.ts'

export function mountPrompts(app: Hono, deps: AppDeps): void {
  const { transfers, models, classifier, limits, metrics, quotas } = deps
  const tooLarge = () => {
    throw new SoftpostError('too-large', `the request is larger than ${limits.classifyBytes} bytes; send fewer texts`)
  }

  app.post('/v1/prompts/:id/classify', bodyLimit({ maxSize: limits.classifyBytes, onError: tooLarge }), async (c) => {
    const caller = admit(c, deps, 'classify')
    const { stored, folder } = await transfers.result(caller.tenant, c.req.param('id'))
    const { texts } = ClassifyRequest.parse(await readJson(c.req.raw))
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

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json()
  } catch (error) {
    throw new SoftpostError('bad-request', 'the body is not JSON; see /openapi.json', { cause: error })
  }
}
