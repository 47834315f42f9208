/**
 * The only user of `fetch` on the page. Every request is written into the egress ledger before it starts, and its
 * answer is checked before anybody sees it.
 */
import * as z from 'zod/mini'
import { ModelList, PublicSetList, SiteConfig, type ModelInfo, type PublicSet } from '../../workers/protocol/wire.ts'
import { SoftpostError } from '../../workers/protocol/errors.ts'
import { recordRequest, updateRequest, type Carries, type Purpose } from './egress.ts'
import { currentKey } from './key.ts'
import { lost, parseText, refusal } from './netErrors.ts'

export type Progress = { readonly loadedBytes: number; readonly totalBytes: number | null }
export type OnProgress = (progress: Progress) => void

export type Call = {
  readonly url: URL
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly purpose: Purpose
  readonly carries: Carries
  readonly body?: { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }
  readonly accept?: string
  /** Sends the provider's key along, if there is one. */
  readonly withKey?: boolean
  readonly signal?: AbortSignal | undefined
  /** Longest silence of the other side, before its answer and inside it. */
  readonly silenceMs?: number
  readonly onProgress?: OnProgress | undefined
  /** Asks for what follows the first so many bytes, and has the answer read piece by piece, never kept twice. */
  readonly from?: number
}

const SILENCE_MS = 60_000

/** Below this a progress report would only redraw the page. */
const REPORT_BYTES = 64 * 1024

/**
 * Makes the request and hands its answer to `read`; what `read` returns is the result. The answer's body ends with
 * an error when the other side is silent for too long.
 *
 * @throws SoftpostError with the host's code for a refusal; `network` without an answer; `cancelled` when stopped.
 */
export async function exchange<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
  const id = recordRequest({
    method: call.method,
    address: addressOf(call.url),
    purpose: call.purpose,
    carries: call.carries,
    bytesUp: call.body?.bytes.byteLength ?? 0,
  })
  const silence = new Silence(call.silenceMs ?? SILENCE_MS)
  const signal = call.signal ? AbortSignal.any([call.signal, silence.signal]) : silence.signal
  let status: number | 'failed' = 'failed'
  const received: Received = { bytes: 0 }
  try {
    const response = await fetch(call.url, requestOf(call, signal))
    status = response.status
    silence.heard()
    // The copy is counted, so that the answer itself is read by the browser in one go where `read` does so: Chromium
    // takes a short body that a script reads piece by piece for a cancelled one, and does not cache it.
    const counting = call.from === undefined ? countBody(response.clone(), { call, silence, received }) : null
    const answer = counting === null ? countedAsRead(response, { call, silence, received }) : response
    const reading = response.ok ? read(answer) : refusal(answer)
    const [result] = await Promise.all([reading, counting])
    updateRequest(id, { status, bytesDown: received.bytes })
    return result
  } catch (error) {
    const stopped = call.signal?.aborted === true
    updateRequest(id, { status: stopped ? 'stopped' : status, bytesDown: received.bytes })
    if (stopped)
      throw new SoftpostError('cancelled', `${call.method} ${call.url.pathname} was stopped`, { cause: error })
    throw error instanceof SoftpostError ? error : lost(call, error, status !== 'failed')
  } finally {
    silence.end()
  }
}

type Received = { bytes: number }
type Counting = { readonly call: Call; readonly silence: Silence; readonly received: Received }

async function countBody(copy: Response, { call, silence, received }: Counting): Promise<void> {
  const total = copy.headers.has('content-encoding') ? null : lengthOf(copy)
  const reader = copy.body?.getReader()
  let reported = 0
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    silence.heard()
    received.bytes += part.value.byteLength
    if (received.bytes - reported < REPORT_BYTES) continue
    reported = received.bytes
    call.onProgress?.({ loadedBytes: received.bytes, totalBytes: total })
  }
  call.onProgress?.({ loadedBytes: received.bytes, totalBytes: total ?? received.bytes })
}

/** A long answer that is stored as it comes. */
function countedAsRead(response: Response, { silence, received }: Counting): Response {
  const counted = response.body?.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(part, controller) {
        silence.heard()
        received.bytes += part.byteLength
        controller.enqueue(part)
      },
    }),
  )
  return new Response(counted ?? null, response)
}

function requestOf(
  { method, body, accept, withKey = false, carries, purpose, from }: Call,
  signal: AbortSignal,
): RequestInit {
  const headers = new Headers()
  if (accept !== undefined) headers.set('Accept', accept)
  if (body) headers.set('Content-Type', body.type)
  if (from !== undefined && from > 0) headers.set('Range', `bytes=${from}-`)
  const key = withKey ? currentKey() : null
  if (key !== null) headers.set('Authorization', `Bearer ${key}`)
  return {
    method,
    headers,
    body: body?.bytes ?? null,
    signal,
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    cache:
      (purpose === 'model-file' && from === undefined) || purpose === 'runtime' || purpose === 'sample'
        ? 'default'
        : 'no-store',
    // What carries something of the person's goes where the page said it goes, and nowhere else.
    redirect: carries === 'nothing' && !withKey ? 'follow' : 'error',
  }
}

/** Ends a request whose other side says nothing for `limitMs`. */
class Silence {
  readonly #controller = new AbortController()
  readonly #limitMs: number
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(limitMs: number) {
    this.#limitMs = limitMs
    this.heard()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  heard(): void {
    this.end()
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`no byte for ${this.#limitMs} ms`)), this.#limitMs)
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

function lengthOf(response: Response): number | null {
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  return Number.isSafeInteger(length) ? length : null
}

/** The JSON of an answer, checked. @throws SoftpostError `internal` for another form than the page knows. */
export async function readJson<T>(response: Response, schema: z.ZodMiniType<T>): Promise<T> {
  const parsed = schema.safeParse(parseText(await response.text()))
  if (parsed.success) return parsed.data
  const message = 'the host answered in a form that this page does not know; reload the page to get its current version'
  throw new SoftpostError('internal', message, { cause: parsed.error })
}

export async function readBytes(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await response.arrayBuffer())
}

function siteUrl(): URL {
  return new URL('./', location.href)
}

function addressOf(url: URL): string {
  return url.origin === siteUrl().origin ? `${url.pathname}${url.search}` : url.href
}

/** Plain segments, none of them hidden or parent, and at most a content hash: nothing a person typed fits in here. */
const PUBLIC_PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+(?:\?sha256=[0-9a-f]{64})?$/

export type PublicPurpose = Extract<
  Purpose,
  'settings' | 'model-list' | 'public-sets' | 'model-file' | 'runtime' | 'sample'
>

/** A public file by its path: `/v1/…` from the provider, all else from this site. No body, nothing of the person's. */
export async function getPublic(
  path: `/${string}`,
  purpose: PublicPurpose,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  return await exchange({ ...(await publicCall(path, purpose)), onProgress, signal }, readBytes)
}

async function publicCall(path: string, purpose: PublicPurpose): Promise<Call> {
  if (!PUBLIC_PATH.test(path)) throw new SoftpostError('internal', `net: ${path} is not the path of a public file`)
  const base = path.startsWith('/v1/') ? await apiBase() : siteUrl()
  return { url: new URL(path.slice(1), base), method: 'GET', purpose, carries: 'nothing' }
}

async function getJson<T>(path: string, purpose: PublicPurpose, schema: z.ZodMiniType<T>): Promise<T> {
  return await exchange(await publicCall(path, purpose), (response) => readJson(response, schema))
}

let configuration: Promise<SiteConfig> | null = null

/** Where the API is; read once. */
export function siteConfig(): Promise<SiteConfig> {
  configuration ??= getJson('/config.json', 'settings', SiteConfig).catch((error: unknown) => {
    configuration = null
    throw error
  })
  return configuration
}

/** The address that API paths are relative to, with a slash at its end. */
export async function apiBase(): Promise<URL> {
  const { endpoint } = await siteConfig()
  return endpoint === '' ? siteUrl() : new URL(`${endpoint.replace(/\/$/, '')}/`)
}

export async function listModels(): Promise<readonly ModelInfo[]> {
  return (await getJson('/v1/models', 'model-list', ModelList)).models
}

export async function listPublicSets(): Promise<readonly PublicSet[]> {
  return (await getJson('/v1/public-sets', 'public-sets', PublicSetList)).publicSets
}

/**
 * One file of a student, equal to the byte to what the provider lists.
 * @throws SoftpostError `network` for a file that arrived damaged.
 */
export async function getModelFile(
  model: ModelInfo,
  file: ModelInfo['files'][number],
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await getPublic(
    `/v1/models/${model.id}/files/${file.name}?sha256=${file.sha256}`,
    'model-file',
    onProgress,
    signal,
  )
  await requireHash(model, file, bytes)
  return bytes
}

/** @throws SoftpostError `network` for bytes that are not the file's. */
export async function requireHash(
  { id }: ModelInfo,
  { name, sha256 }: ModelInfo['files'][number],
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if ((await sha256Hex(bytes)) === sha256) return
  throw new SoftpostError('network', `${name} of ${id} arrived damaged; load the model again`)
}

export type RestOfFile = {
  /** Bytes that are here already. */
  readonly from: number
  readonly signal: AbortSignal
  /** Told where the answer begins, before its first byte: at `from`, or at 0. */
  readonly onStart: (begin: number) => Promise<void>
  readonly onBytes: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>
}

/** The rest of a student's file, part after part as it arrives. The bytes are not checked. Errors: as {@link exchange}. */
export async function getModelRest(
  model: ModelInfo,
  file: ModelInfo['files'][number],
  { from, signal, onStart, onBytes }: RestOfFile,
): Promise<void> {
  const call = await publicCall(`/v1/models/${model.id}/files/${file.name}?sha256=${file.sha256}`, 'model-file')
  await exchange({ ...call, signal, from }, async (response) => {
    await onStart(response.status === 206 ? from : 0)
    const reader = response.body?.getReader()
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) await onBytes(part.value)
  })
}

export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
