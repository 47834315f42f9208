/** One place that turns errors into responses: the status of each code, and a body of one shape. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import * as z from 'zod/mini'
import { SoftpostError, toReport, type ErrorCode, type ErrorReport } from '../../protocol/errors.ts'
import type { ErrorBody } from '../../protocol/wire.ts'
import type { Log } from '../queue/log.ts'

export const STATUS_OF: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  'file-empty': 400,
  'file-too-large': 413,
  'file-binary': 400,
  'file-encoding': 400,
  'file-format': 400,
  'column-missing': 400,
  'one-class': 400,
  'no-rows': 400,
  'task-invalid': 422,
  'label-word': 422,
  'text-too-long': 413,
  'model-missing-file': 500,
  'model-unknown': 422,
  'model-tensor': 500,
  safetensors: 422,
  tokenizer: 500,
  'prompt-invalid': 422,
  'prompt-mismatch': 422,
  'privacy-argument': 422,
  'privacy-unreachable': 422,
  ledger: 422,
  'rows-unknown': 409,
  sealed: 422,
  certificate: 422,
  'no-backend': 503,
  'device-lost': 503,
  'out-of-memory': 503,
  'non-finite': 422,
  cancelled: 503,
  storage: 503,
  network: 502,
  unauthorized: 401,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  busy: 429,
  'bad-request': 400,
  usage: 400,
  internal: 500,
}

/** Seconds after which a caller that was turned away may ask again, where nothing better is known. */
const RETRY_SECONDS = 5

/** Handler for `app.onError`. What is not ours is logged and told as `internal` without its text. */
export function errorHandler(log: Log) {
  return function onError(error: Error, c: Context): Response {
    const report = reportLogged(error, c, log)
    const retrySeconds = report.data?.['retrySeconds'] ?? (report.code === 'busy' ? RETRY_SECONDS : null)
    if (retrySeconds !== null) c.header('Retry-After', String(retrySeconds))
    if (report.code === 'unauthorized') c.header('WWW-Authenticate', 'Bearer')
    return c.json(bodyOf(report), STATUS_OF[report.code])
  }
}

/** The same body for an error in the middle of an answer, whose status is out already. */
export function errorBody(error: unknown, c: Context, log: Log): z.infer<typeof ErrorBody> {
  return bodyOf(reportLogged(error, c, log))
}

function reportLogged(error: unknown, c: Context, log: Log): ErrorReport {
  const report = reportOf(error)
  const { code } = report
  if (STATUS_OF[code] >= 500) log('error', `${c.req.method} ${c.req.path}: ${toReport(error).message}`, { code })
  return report
}

function bodyOf({ code, message, data }: ErrorReport): z.infer<typeof ErrorBody> {
  const filled = data !== undefined && Object.keys(data).length > 0
  return { error: { code, message, ...(filled ? { data: { ...data } } : {}) } }
}

function reportOf(error: unknown): ErrorReport {
  if (error instanceof SoftpostError) return toReport(error)
  if (error instanceof z.core.$ZodError) return { code: 'bad-request', message: describeIssue(error) }
  if (error instanceof HTTPException && error.status < 500) return { code: 'bad-request', message: error.message }
  return { code: 'internal', message: "something went wrong on the host; its operator finds it in the host's log" }
}

/** Of an issue's text, which may name keys that the sender made up. */
const ISSUE_LENGTH = 200

/** Where a value breaks its schema and how; issue texts name types and keys, never values. */
export function describeIssue(error: z.core.$ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'the request is not of the expected form; see /openapi.json'
  const path = issue.path.map(String).join('.')
  const text = `${path === '' ? 'request' : path}: ${issue.message}`
  return `${text.length > ISSUE_LENGTH ? `${text.slice(0, ISSUE_LENGTH)}…` : text}; see /openapi.json`
}
