/** `/v1/prompts`: the large model with a transferred prompt. The texts are used and forgotten: no file, no log. */
import type { Context, Hono } from 'hono'
import { stream } from 'hono/streaming'
import type * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import type { Task } from '../../protocol/task.ts'
import {
  ClassifyRequest,
  GenerateRequest,
  type ClassifyResponse,
  type GeneratedAnswer,
  type GenerateLine,
} from '../../protocol/wire.ts'
import { requireClassify, requireExtract } from '../../task/kinds.ts'
import { startMeter } from '../queue/meter.ts'
import type { AnswerWork } from '../work/childClassifier.ts'
import type { Caller } from './access.ts'
import { AtOnce } from './atOnce.ts'
import { countUnannounced, receive, type Received } from './body.ts'
import type { AppDeps } from './deps.ts'
import { errorBody } from './errors.ts'
import { parseHostileJson } from './hostileJson.ts'
import { LINES_TYPE } from './openapi.ts'

/** Tokens that one request may have written; on a small machine they take minutes. */
const MOST_TOKENS = 4_096

export function mountPrompts(app: Hono, deps: AppDeps): void {
  const { classifier, limits, metrics } = deps
  const places = new AtOnce('requests with texts', { all: limits.textsAtOnce, tenant: limits.textsOfTenant })
  const wanted = { scope: 'classify', places, mostBytes: limits.classifyBytes } as const

  app.post('/v1/prompts/:id/classify', async (c) => {
    const received = await receive(c, deps, wanted)
    try {
      const { work, task } = await readWork(c, deps, received, ClassifyRequest)
      const asked = { ...work, task: requireClassify(task, 'ask /v1/prompts/{id}/generate') }
      const endCharge = startCharge(deps, received.caller)
      try {
        const response: ClassifyResponse = { predictions: await classifier.classify(asked) }
        metrics.count('softpost_classify_texts_total', 'Texts classified by the large model.', {}, work.texts.length)
        return c.json(response)
      } finally {
        await endCharge()
      }
    } finally {
      received.leave()
    }
  })

  app.post('/v1/prompts/:id/generate', async (c) => {
    const received = await receive(c, deps, wanted)
    await using opened = new AsyncDisposableStack()
    opened.defer(received.leave)
    const { work, task } = await readWork(c, deps, received, GenerateRequest)
    const asked = { ...work, task: requireExtract(task, 'ask /v1/prompts/{id}/classify') }
    const tokens = work.texts.length * asked.task.maxAnswerTokens
    if (tokens > MOST_TOKENS) {
      throw new SoftpostError(
        'too-large',
        `these texts may take ${tokens} tokens of answers, more than ${MOST_TOKENS}; send fewer texts`,
      )
    }
    opened.defer(startCharge(deps, received.caller))
    const answers = classifier.generate(asked)
    // What fails before the first answer has a status of its own.
    const first = await answers.next()
    c.header('Content-Type', LINES_TYPE)
    // nginx holds a stream back otherwise.
    c.header('X-Accel-Buffering', 'no')
    const untilTold = opened.move()
    return stream(c, async (out) => {
      await using _ = untilTold
      const say = async (line: GenerateLine) => await out.write(`${JSON.stringify(line)}\n`)
      try {
        for await (const answer of withFirst(first, answers)) {
          metrics.count('softpost_generate_texts_total', 'Texts answered by the large model.')
          // Who has gone away is not waited for; the answers that are on their way end by themselves.
          await say(answer)
        }
      } catch (error) {
        await say(errorBody(error, c, deps.log))
      }
    })
  })
}

type Texts = { readonly texts: readonly string[] }
type Read = { readonly work: Omit<AnswerWork, 'task'>; readonly task: Task }

/** The texts of a request, and the prompt that they are for. */
async function readWork(c: Context, deps: AppDeps, received: Received, schema: z.ZodMiniType<Texts>): Promise<Read> {
  const { stored, folder } = await deps.transfers.result(received.caller.tenant, c.req.param('id') ?? '')
  const body = await readBody(c.req.raw)
  await countUnannounced(deps, received, body.byteLength)
  const { texts } = schema.parse(parseHostileJson(body, 'the body'))
  const { dir } = deps.models.teacher(stored.record.teacher)
  const work = { modelDir: dir, backend: deps.backend, promptDir: folder, texts }
  return { work, task: stored.record.request.task }
}

/** Charges the caller for the seconds until the result is called, waiting included. */
function startCharge({ quotas, metrics }: AppDeps, caller: Caller): () => Promise<void> {
  return startMeter(async (seconds) => {
    metrics.count(
      'softpost_classify_seconds_total',
      'Seconds of the large model on texts, waiting included.',
      {},
      seconds,
    )
    await quotas.spend(caller, seconds)
  })
}

async function* withFirst(
  first: IteratorResult<GeneratedAnswer, void>,
  rest: AsyncGenerator<GeneratedAnswer, void>,
): AsyncGenerator<GeneratedAnswer, void> {
  if (first.done !== true) yield first.value
  yield* rest
}

async function readBody(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer())
  } catch (error) {
    throw new SoftpostError('bad-request', 'the body is not complete; send it again', { cause: error })
  }
}
