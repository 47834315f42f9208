/**
 * Tries every way out of this worker, to the page's own origin. The policy that the worker came with must refuse them
 * all. The build allows one `import()` and one `new Worker` for it and no others (vite.config.ts).
 */
import type { NetworkProbe, ProbeOutcome } from '../protocol/tuner.ts'

/** A refusal comes at once; what takes longer than this is on its way. */
const ATTEMPT_MS = 700
/** A report of the policy may come a moment after the refusal that it explains; Firefox takes a tenth of a second. */
const REPORT_MS = 50
const LATE_REPORT_MS = 300

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
      // A script that answers, so that one which is let out is seen to be.
      const worker = new Worker(url.replace('/config.json?', '/probe.js?'))
      return settled(worker, { good: 'message', bad: 'error' }, () => worker.terminate())
    },
  },
]

/**
 * What came of each attempt. An address that merely does not answer may have let the request out, so a refusal counts
 * only where the browser reports it. Firefox reports some alone: of `connect-src`, fetch, XMLHttpRequest and WebSocket.
 */
export async function probeNetwork(origin: string): Promise<NetworkProbe> {
  const reports = new Reports()
  try {
    const outcomes: (Outcome & { readonly attempt: string })[] = []
    for (const { attempt, needs, run } of ATTEMPTS) {
      if (needs !== null && !(needs in globalThis)) {
        outcomes.push({ attempt, isMissing: true, succeeded: false })
        continue
      }
      // A small file that is neither a script nor a stream: should it get through, nothing is started by it.
      const url = `${origin}/config.json?probe=${encodeURIComponent(attempt)}`
      reports.now = attempt
      outcomes.push({ attempt, isMissing: false, succeeded: await tryOut(() => run(url)) })
      if (!reports.of(attempt)) await after(REPORT_MS)
    }
    reports.now = null
    if (outcomes.some(({ attempt, isMissing }) => !isMissing && !reports.of(attempt))) await after(LATE_REPORT_MS)
    const isOpen = outcomes.some(({ succeeded }) => succeeded)
    return outcomes.map(({ attempt, isMissing, succeeded }) => ({
      attempt,
      outcome: outcomeOf({ isRefused: isMissing || reports.of(attempt), succeeded, isOpen }),
    }))
  } finally {
    reports.end()
  }
}

/** Where anything gets through, what failed may have failed for another reason. */
function outcomeOf({
  isRefused,
  succeeded,
  isOpen,
}: {
  readonly isRefused: boolean
  readonly succeeded: boolean
  readonly isOpen: boolean
}): ProbeOutcome {
  if (succeeded) return 'open'
  if (isRefused) return 'refused'
  return isOpen ? 'open' : 'silent'
}

type Outcome = { readonly isMissing: boolean; readonly succeeded: boolean }

/** The policy's reports, by the attempt whose address they name, else by the one that is under way. */
class Reports {
  /** The attempt that is under way. */
  now: string | null = null
  readonly #reported = new Set<string>()
  readonly #hear = (event: Event): void => {
    const address = 'blockedURI' in event ? String(event.blockedURI) : ''
    const named = /[?&]probe=([^&#]*)/.exec(address)?.[1]
    const attempt = named === undefined ? this.now : decodeURIComponent(named)
    if (attempt !== null) this.#reported.add(attempt)
  }

  constructor() {
    globalThis.addEventListener?.('securitypolicyviolation', this.#hear)
  }

  of(attempt: string): boolean {
    return this.#reported.has(attempt)
  }

  end(): void {
    globalThis.removeEventListener?.('securitypolicyviolation', this.#hear)
  }
}

/** Whether something got through. */
async function tryOut(run: () => Promise<unknown>): Promise<boolean> {
  return await Promise.race([
    // Begun inside, since some attempts throw at once.
    Promise.resolve()
      .then(run)
      .then(
        () => true,
        () => false,
      ),
    after(ATTEMPT_MS).then(() => false),
  ])
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
