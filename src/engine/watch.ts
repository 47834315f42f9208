/** Follows a transfer to its end over a connection that may break: a stream, again a stream, then single questions. */
import { SoftpostError, type ErrorCode } from '../../workers/protocol/errors.ts'
import type { TransferJob } from '../../workers/protocol/wire.ts'
import { readTransfer, streamTransfer } from './api.ts'

export type Connection = 'live' | 'polling' | 'lost'

export type Watcher = {
  onJob(job: TransferJob): void
  onConnection(connection: Connection): void
}

/** How the job is asked for; tests give their own. */
export type JobSource = {
  stream(jobId: string, onJob: (job: TransferJob) => void, signal: AbortSignal): Promise<void>
  read(jobId: string, signal: AbortSignal): Promise<TransferJob>
  wait(ms: number, signal: AbortSignal): Promise<void>
}

const overNetwork: JobSource = { stream: streamTransfer, read: readTransfer, wait }

/** Streams that ended without news before single questions take over (a proxy that holds streams back). */
const STREAMS_WITHOUT_NEWS = 2
const POLL_MS = 2_000
/** Before a stream that ended early is opened anew. */
const REOPEN_MS = 1_000
/** Answers after which a stream is tried again: what held streams back may have been a restart. */
const POLLS_BEFORE_STREAM = 15
const LONGEST_WAIT_MS = 10_000

/** Errors that pass; on all others the watch ends. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['network', 'busy', 'internal', 'storage'])

/**
 * The job when it has finished or failed. While the host is away the watch goes on; the job does too.
 * @throws SoftpostError `cancelled` on `signal`; `not-found`, `unauthorized` and the like from the host.
 */
export async function watchTransfer(
  jobId: string,
  watcher: Watcher,
  signal: AbortSignal,
  source: JobSource = overNetwork,
): Promise<TransferJob> {
  const seen: { last: TransferJob | null } = { last: null }
  const take = (job: TransferJob) => {
    seen.last = job
    watcher.onJob(job)
  }
  let barren = 0
  let failures = 0
  let polls = 0
  while (true) {
    const streaming = barren < STREAMS_WITHOUT_NEWS
    try {
      if (streaming) {
        // Barren until there is news; a host that is not there at all says nothing about streams.
        barren += 1
        await source.stream(
          jobId,
          (job) => {
            barren = 0
            failures = 0
            watcher.onConnection('live')
            take(job)
          },
          signal,
        )
      } else {
        take(await source.read(jobId, signal))
        watcher.onConnection('polling')
        failures = 0
        polls += 1
        if (polls % POLLS_BEFORE_STREAM === 0) barren = STREAMS_WITHOUT_NEWS - 1
      }
      if (seen.last && isOver(seen.last)) return seen.last
      await source.wait(streaming ? REOPEN_MS : POLL_MS, signal)
    } catch (error) {
      if (!(error instanceof SoftpostError) || !PASSING.has(error.code) || signal.aborted) throw error
      if (streaming && !wasAnswered(error)) barren -= 1
      watcher.onConnection('lost')
      await source.wait(pauseMs(failures, error), signal)
      failures += 1
    }
  }
}

export function isOver(job: TransferJob): boolean {
  return job.state === 'finished' || job.state === 'failed'
}

function wasAnswered({ data }: SoftpostError): boolean {
  return data['answered'] === true || data['status'] !== undefined
}

function pauseMs(failures: number, error: SoftpostError): number {
  const asked = error.data['retrySeconds']
  const own = Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** failures)
  return typeof asked === 'number' && Number.isFinite(asked) ? Math.max(own, asked * 1_000) : own
}

export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(new SoftpostError('cancelled', 'the watch was stopped'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
