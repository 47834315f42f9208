/**
 * Everything that can go wrong and that a person or a program has to tell apart.
 *
 * The message is one line for a terminal or a log: what happened, with the value, and what to do. It never holds text
 * from a private file. The page shows its own words for each code (`copy.ts` of the feature).
 */
export const ERROR_CODES = [
  // files and tasks
  'file-empty',
  'file-too-large',
  'file-binary',
  'file-encoding',
  'file-format',
  'column-missing',
  'one-class',
  'no-rows',
  'task-invalid',
  'label-word',
  'text-too-long',
  // models and prompts
  'model-missing-file',
  'model-unknown',
  'model-tensor',
  'safetensors',
  'tokenizer',
  'prompt-invalid',
  'prompt-mismatch',
  // privacy
  'privacy-argument',
  'privacy-unreachable',
  'ledger',
  'sealed',
  'rows-unknown',
  'certificate',
  // compute
  'no-backend',
  'device-lost',
  'out-of-memory',
  'non-finite',
  'cancelled',
  // storage, network and host
  'storage',
  'network',
  'unauthorized',
  'not-found',
  'conflict',
  'too-large',
  'busy',
  'bad-request',
  'usage',
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** Facts beside an error, safe to show: numbers and names that the person typed or that are public. */
export type ErrorData = { readonly [key: string]: string | number | boolean | readonly string[] }

/** What crosses a thread or the wire in place of a {@link SoftpostError}. */
export type ErrorReport = { readonly code: ErrorCode; readonly message: string; readonly data?: ErrorData }

export class SoftpostError extends Error {
  readonly code: ErrorCode
  readonly data: ErrorData

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; data?: ErrorData } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SoftpostError'
    this.code = code
    this.data = options.data ?? {}
  }
}

/** The report of any thrown value; what is not ours becomes `internal` and keeps its first line. */
export function toReport(error: unknown): ErrorReport {
  if (error instanceof SoftpostError) return { code: error.code, message: error.message, data: error.data }
  if (isReport(error)) return { code: error.code, message: error.message, ...(error.data ? { data: error.data } : {}) }
  const text = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message: text.split('\n', 1)[0] ?? 'unknown error' }
}

/** The error that a report stands for, to be thrown on this side of the boundary. */
export function fromReport(report: ErrorReport): SoftpostError {
  return new SoftpostError(report.code, report.message, report.data ? { data: report.data } : {})
}

function isReport(value: unknown): value is ErrorReport {
  if (typeof value !== 'object' || value === null || !('code' in value) || !('message' in value)) return false
  return typeof value.message === 'string' && ERROR_CODES.some((code) => code === value.code)
}

/** Closes a `switch` over a union: a new member that is not handled stops the type check. */
export function assertNever(value: never): never {
  throw new SoftpostError('internal', `unhandled case ${JSON.stringify(value)}`)
}
