/** `/v1/prompts`: the large model with a transferred prompt. The texts are used and forgotten: no file, no log. */
import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
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
import type { AnswerWork } from '../work/childClassifier.ts'
import type { Caller } from './access.ts'
import { admit, countBytes, type AppDeps } from './deps.ts'
import { errorBody } from './errors.ts'
import { LINES_TYPE } from './openapi.ts'

/** Tokens that one request may have written; on a small machine they take minutes. */
const MOST_TOKENS = 4_096

export function mountPrompts(app: Hono, deps: AppDeps): void {
  const { classifier, limits, metrics } = deps
  const tooLarge = () => {
    throw new SoftpostError('too-large', `the request is larger than ${limits.classifyBytes} bytes; send fewer texts`)
  }
  const limited = bodyLimit({ maxSize: limits.classifyBytes, onError: tooLarge })

  app.post('/v1/prompts/:id/classify', limited, async (c) => {
    const { caller, work, task } = await readWork(c, deps, ClassifyRequest)
    const asked = { ...work, task: requireClassify(task, 'ask /v1/prompts/{id}/generate') }
    const charge = startCharge(deps, caller)
    const response: ClassifyResponse = { predictions: await classifier.classify(asked) }
    charge()
    metrics.count('softpost_classify_texts_total', 'Texts classified by the large model.', {}, work.texts.length)
    return c.json(response)
  })

  app.post('/v1/prompts/:id/generate', limited, async (c) => {
    const { caller, work, task } = await readWork(c, deps, GenerateRequest)
    const asked = { ...work, task: requireExtract(task, 'ask /v1/prompts/{id}/classify') }
    const tokens = work.texts.length * asked.task.maxAnswerTokens
    if (tokens > MOST_TOKENS) {
      throw new SoftpostError(
        'too-large',
        `these texts may take ${tokens} tokens of answers, more than ${MOST_TOKENS}; send fewer texts`,
      )
    }
    const charge = startCharge(deps, caller)
    const answers = classifier.generate(asked)
    // What fails before the first answer has a status of its own.
    const first = await answers.next()
    c.header('Content-Type', LINES_TYPE)
    // nginx holds a stream back otherwise.
    c.header('X-Accel-Buffering', 'no')
    return stream(c, async (out) => {
      const say = async (line: GenerateLine) => await out.write(`${JSON.stringify(line)}\n`)
      try {
        for await (const answer of withFirst(first, answers)) {
          metrics.count('softpost_generate_texts_total', 'Texts answered by the large model.')
          // Who has gone away is not waited for; the answers that are on their way end by themselves.
          await say(answer)
        }
      } catch (error) {
        await say(errorBody(error, c, deps.log))
      } finally {
        charge()
      }
    })
  })
}

type Texts = { readonly texts: readonly string[] }
type Read = { readonly caller: Caller; readonly work: Omit<AnswerWork, 'task'>; readonly task: Task }

/** The caller, its texts, and the prompt that they are for. */
async function readWork(c: Context, deps: AppDeps, schema: z.ZodMiniType<Texts>): Promise<Read> {
  const caller = admit(c, deps, 'classify')
  const { stored, folder } = await deps.transfers.result(caller.tenant, c.req.param('id') ?? '')
  const body = await readBody(c.req.raw)
  countBytes(c, deps, caller, body.byteLength)
  const { texts } = schema.parse(parseJson(body))
  const { dir } = deps.models.teacher(stored.record.teacher)
  const work = { modelDir: dir, backend: deps.backend, promptDir: folder, texts }
  return { caller, work, task: stored.record.request.task }
}

/** The result charges the caller for the seconds since, waiting included. */
function startCharge({ quotas, metrics }: AppDeps, { tenant }: Caller): () => void {
  const started = performance.now()
  return () => {
    const seconds = (performance.now() - started) / 1000
    quotas.spend(tenant, seconds)
    metrics.count(
      'softpost_classify_seconds_total',
      'Seconds of the large model on texts, waiting included.',
      {},
      seconds,
    )
  }
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

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new SoftpostError('bad-request', 'the body is not JSON in UTF-8; see /openapi.json', { cause: error })
  }
}
