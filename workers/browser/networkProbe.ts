/**
 * Tries every way out of this worker, to the page's own origin. The policy that the worker came with must refuse them
 * all. The build allows one `import()` and one `new Worker` for it and no others (vite.config.ts).
 */
import type { NetworkProbe } from '../protocol/tuner.ts'

/** A refusal comes at once; what takes longer than this is on its way. */
const ATTEMPT_MS = 700
/** A report of the policy may come a moment after the refusal that it explains. */
const REPORT_MS = 50

type Attempt = {
  readonly attempt: string
  /** The global that it uses; a browser without it has no such way out. */
  readonly needs: string | null
  /** Resolves when something got through; rejects, or is left unsettled, when not. */
  readonly run: (url: string) => Promise<unknown>
}

const ATTEMPTS: readonly Attempt[] = [
  { attempt: 'fetch', needs: 'fetch', run: (url) => fetch(url, { cache: 'no-store' }) },
  {
    attempt: 'XMLHttpRequest',
    needs: 'XMLHttpRequest',
    run: (url) => {
      const request = new XMLHttpRequest()
      request.open('GET', url)
      request.send()
      return settled(request, { good: 'load', bad: 'error' }, () => request.abort())
    },
  },
  {
    attempt: 'WebSocket',
    needs: 'WebSocket',
    run: (url) => {
      const socket = new WebSocket(url.replace(/^http/, 'ws'))
      return settled(socket, { good: 'open', bad: 'error' }, () => socket.close())
    },
  },
  {
    attempt: 'WebTransport',
    needs: 'WebTransport',
    run: async (url) => {
      const transport = new WebTransport(url.replace(/^http:/, 'https:'))
      // Rejects with `ready`; heard so that it does not count as unhandled.
      transport.closed.catch(() => undefined)
      await transport.ready
      transport.close()
    },
  },
  {
    attempt: 'EventSource',
    needs: 'EventSource',
    run: (url) => {
      const source = new EventSource(url)
      return settled(source, { good: 'open', bad: 'error' }, () => source.close())
    },
  },
  { attempt: 'import()', needs: null, run: (url) => import(/* @vite-ignore */ url) },
  {
    attempt: 'nested Worker',
    needs: 'Worker',
    run: (url) => {
      const worker = new Worker(url)
      return settled(worker, { good: 'message', bad: 'error' }, () => worker.terminate())
    },
  },
]

/**
 * Whether each attempt was refused. Where the browser reports what its policy refuses, only such a report counts: an
 * address that merely does not answer has let the request out.
 */
export async function probeNetwork(origin: string): Promise<NetworkProbe> {
  const outcomes: (Outcome & { readonly attempt: string })[] = []
  for (const { attempt, needs, run } of ATTEMPTS) {
    if (needs !== null && !(needs in globalThis)) {
      outcomes.push({ attempt, isMissing: true, succeeded: false, reported: false })
      continue
    }
    // A small file that is neither a script nor a stream: should it get through, nothing is started by it.
    const url = `${origin}/config.json?probe=${encodeURIComponent(attempt)}`
    outcomes.push({ attempt, isMissing: false, ...(await tryOut(() => run(url))) })
  }
  const reports = outcomes.some(({ reported }) => reported)
  const isOpen = outcomes.some(({ succeeded }) => succeeded)
  return outcomes.map(({ attempt, isMissing, succeeded, reported }) => ({
    attempt,
    refused: isMissing || reported || (!succeeded && !reports && !isOpen),
  }))
}

type Outcome = { readonly isMissing: boolean; readonly succeeded: boolean; readonly reported: boolean }

async function tryOut(run: () => Promise<unknown>): Promise<Omit<Outcome, 'isMissing'>> {
  let reported = false
  const onReport = () => {
    reported = true
  }
  globalThis.addEventListener?.('securitypolicyviolation', onReport)
  try {
    // Begun inside, since some attempts throw at once.
    const succeeded = await Promise.race([
      Promise.resolve()
        .then(run)
        .then(
          () => true,
          () => false,
        ),
      after(ATTEMPT_MS).then(() => false),
    ])
    if (!succeeded && !reported) await after(REPORT_MS)
    return { succeeded, reported }
  } finally {
    globalThis.removeEventListener?.('securitypolicyviolation', onReport)
  }
}

async function settled(
  target: EventTarget,
  events: { readonly good: string; readonly bad: string },
  end: () => void,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      target.addEventListener(events.good, () => resolve(), { once: true })
      target.addEventListener(
        events.bad,
        (event) => {
          event.preventDefault()
          reject(new Error(`${events.bad} event`))
        },
        { once: true },
      )
    })
  } finally {
    end()
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}
