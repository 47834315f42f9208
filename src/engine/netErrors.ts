/** What went wrong between the page and a host, as errors with a code. */
import { SoftpostError, type ErrorCode, type ErrorData } from '../../workers/protocol/errors.ts'
import { ErrorBody } from '../../workers/protocol/wire.ts'

/** Throws the host's own error where it sent one, else what its status says. */
export async function refusal(response: Response): Promise<never> {
  const { status } = response
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retry: ErrorData = Number.isFinite(wait) ? { retrySeconds: wait } : {}
  const text = await response.text()
  const body = parseText(text)
  const known = ErrorBody.safeParse(body)
  if (known.success) {
    const { code, message, data } = known.data.error
    // Memory, storage or a GPU that fails is the host's there, and in the page's words this device's.
    const told = status === 503 ? 'busy' : code
    throw new SoftpostError(told, message, { data: { status, ...plain(data ?? {}), ...retry } })
  }
  throw new SoftpostError(codeOf(status), `the host answered ${status} without saying why; try again`, {
    data: { status, ...retry },
  })
}

/** A proxy in between answers in its own words; these are the codes for its statuses. */
function codeOf(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return 'unauthorized'
    case 404:
    case 410:
      return 'not-found'
    case 409:
      return 'conflict'
    case 413:
      return 'too-large'
    case 429:
    case 503:
      return 'busy'
    case 502:
    case 504:
      return 'network'
    default:
      return status < 500 ? 'bad-request' : 'internal'
  }
}

function plain(data: Readonly<Record<string, unknown>>): ErrorData {
  const kept = Object.entries(data).filter((entry): entry is [string, string | number | boolean] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]),
  )
  return Object.fromEntries(kept)
}

export function lost(
  { method, url }: { readonly method: string; readonly url: URL },
  cause: unknown,
  answered: boolean,
): SoftpostError {
  const offline = typeof navigator !== 'undefined' && !navigator.onLine
  const why = offline ? 'this device is offline' : 'the host does not answer'
  return new SoftpostError('network', `${method} ${url.pathname}: ${why}; check the connection and try again`, {
    cause,
    data: { offline, answered },
  })
}

/** The value of a JSON text; `undefined`, which no schema takes, where it is none. */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is a value that no schema takes.
    return undefined
  }
}
