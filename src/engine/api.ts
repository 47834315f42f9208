/** The provider's API as the page uses it (docs/api.md). */
import { CLASSIFY_EGRESS, fieldsFor, GENERATE_EGRESS } from '../../workers/protocol/egress.ts'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import {
  ClassifyRequest,
  ClassifyResponse,
  type GeneratedAnswer,
  GenerateLine,
  GenerateRequest,
  PARTS,
  TransferJob,
} from '../../workers/protocol/wire.ts'
import { apiBase, exchange, readBytes, readJson, type Call, type OnProgress } from './net.ts'
import { readEvents } from './sse.ts'
import type { TransferUpload } from './upload.ts'

/** The large model may have to be loaded first. */
const CLASSIFY_SILENCE_MS = 300_000

/** The host sends a comment every 15 s; a stream that is silent for longer is dead. */
const EVENTS_SILENCE_MS = 40_000

/** Sends the prompt. The host takes the same upload twice as one job, so a lost answer is no harm. */
export async function sendTransfer(upload: TransferUpload, signal?: AbortSignal): Promise<TransferJob> {
  const call = await apiCall('v1/transfers', { method: 'POST', purpose: 'send-prompt', carries: 'prompt', signal })
  return await exchange({ ...call, body: upload.body }, (response) => readJson(response, TransferJob))
}

export async function readTransfer(jobId: string, signal?: AbortSignal): Promise<TransferJob> {
  const call = await apiCall(jobPath(jobId), { method: 'GET', purpose: 'follow-job', carries: 'nothing', signal })
  return await exchange(call, (response) => readJson(response, TransferJob))
}

/** Follows the job over one stream of events; returns when the stream ends, whether or not the job has. */
export async function streamTransfer(
  jobId: string,
  onJob: (job: TransferJob) => void,
  signal?: AbortSignal,
): Promise<void> {
  const call = await apiCall(`${jobPath(jobId)}/events`, {
    method: 'GET',
    purpose: 'follow-job',
    carries: 'nothing',
    accept: 'text/event-stream',
    silenceMs: EVENTS_SILENCE_MS,
    signal,
  })
  await exchange(call, async ({ body }) => {
    if (body === null) return
    for await (const { event, data } of readEvents(body)) {
      if (event === 'job') onJob(parseJob(data))
    }
  })
}

/** The transferred prompt as the two files of a PEFT folder. */
export async function fetchPrompt(
  jobId: string,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[]> {
  const names = [PARTS.config, PARTS.weights]
  return await Promise.all(
    names.map(async (name) => {
      const call = await apiCall(`${jobPath(jobId)}/prompt/${name}`, {
        method: 'GET',
        purpose: 'fetch-result',
        carries: 'nothing',
        signal,
        onProgress,
      })
      return { name, bytes: await exchange(call, readBytes) }
    }),
  )
}

/** Labels by the large model. The texts leave this device: call it only behind a button that says so. */
export async function classify(
  jobId: string,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<ClassifyResponse['predictions']> {
  const request = ClassifyRequest.safeParse(fieldsFor('server', { texts: [...texts] }, CLASSIFY_EGRESS))
  if (!request.success) {
    throw new SoftpostError(
      'too-large',
      'one request takes 1 to 256 texts of up to 20,000 characters; shorten the texts',
      {
        cause: request.error,
      },
    )
  }
  const call = await apiCall(`v1/prompts/${encodeURIComponent(jobId)}/classify`, {
    method: 'POST',
    purpose: 'classify-texts',
    carries: 'texts',
    silenceMs: CLASSIFY_SILENCE_MS,
    signal,
  })
  const body = { type: 'application/json', bytes: new TextEncoder().encode(JSON.stringify(request.data)) }
  const { predictions } = await exchange({ ...call, body }, (response) => readJson(response, ClassifyResponse))
  if (predictions.length !== texts.length) {
    throw new SoftpostError('internal', `the host labelled ${predictions.length} of ${texts.length} texts; try again`)
  }
  return predictions
}

/** Answers that are texts, by the large model. The texts leave this device, as with {@link classify}. */
export async function generate(
  jobId: string,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<GeneratedAnswer[]> {
  const request = GenerateRequest.safeParse(fieldsFor('server', { texts: [...texts] }, GENERATE_EGRESS))
  if (!request.success) {
    throw new SoftpostError(
      'too-large',
      'one request takes 1 to 64 texts of up to 20,000 characters; shorten the texts',
      {
        cause: request.error,
      },
    )
  }
  const call = await apiCall(`v1/prompts/${encodeURIComponent(jobId)}/generate`, {
    method: 'POST',
    purpose: 'classify-texts',
    carries: 'texts',
    accept: 'application/x-ndjson',
    silenceMs: CLASSIFY_SILENCE_MS,
    signal,
  })
  const body = { type: 'application/json', bytes: new TextEncoder().encode(JSON.stringify(request.data)) }
  const lines = new TextDecoder()
    .decode(await exchange({ ...call, body }, readBytes))
    .trimEnd()
    .split('\n')
  const answers = lines.map(parseLine)
  if (answers.length !== texts.length) {
    throw new SoftpostError('internal', `the host answered ${answers.length} of ${texts.length} texts; try again`)
  }
  return answers
}

function parseLine(line: string): GeneratedAnswer {
  const parsed = GenerateLine.safeParse(JSON.parse(line))
  if (!parsed.success) {
    throw new SoftpostError('internal', 'the host sent an answer that this page does not know; reload the page', {
      cause: parsed.error,
    })
  }
  if ('error' in parsed.data) throw new SoftpostError(parsed.data.error.code, parsed.data.error.message)
  return parsed.data
}

/** Removes prompt, request and result from the host. A job that is gone already counts as removed. */
export async function deleteTransfer(jobId: string, signal?: AbortSignal): Promise<void> {
  const call = await apiCall(jobPath(jobId), { method: 'DELETE', purpose: 'delete-job', carries: 'nothing', signal })
  try {
    await exchange(call, readBytes)
  } catch (error) {
    if (!(error instanceof SoftpostError && error.code === 'not-found')) throw error
  }
}

function jobPath(jobId: string): string {
  return `v1/transfers/${encodeURIComponent(jobId)}`
}

async function apiCall(path: string, call: Omit<Call, 'url' | 'withKey'>): Promise<Call> {
  return { ...call, url: new URL(path, await apiBase()), withKey: true }
}

function parseJob(data: string): TransferJob {
  const parsed = TransferJob.safeParse(JSON.parse(data))
  if (parsed.success) return parsed.data
  throw new SoftpostError('internal', 'the host sent an event that this page does not know; reload the page', {
    cause: parsed.error,
  })
}
