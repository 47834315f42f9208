/** The child's side of the channel: takes calls one after the other and lives no longer than its host. */
import process from 'node:process'
import { toReport } from '../../protocol/errors.ts'
import { HEARTBEAT_MS, type ChildCall, type ChildMessage } from './childMessages.ts'

export type CallHandler = (body: unknown, onProgress: (value: unknown) => void) => Promise<unknown>

/** Answers the host's calls with `handle` until the host closes the channel or dies. */
export function serveCalls(handle: CallHandler): void {
  let queue: Promise<void> = Promise.resolve()
  process.on('message', (message: ChildCall) => {
    queue = queue.then(() => answer(message, handle))
  })
  // The host is gone: nobody will read a result, and the job is someone else's by now.
  process.on('disconnect', () => process.exit(0))
  setInterval(() => say({ type: 'heartbeat' }), HEARTBEAT_MS)
  say({ type: 'heartbeat' })
}

async function answer({ call, body }: ChildCall, handle: CallHandler): Promise<void> {
  try {
    const value = await handle(body, (value) => say({ type: 'progress', call, value }))
    say({ type: 'done', call, value })
  } catch (error) {
    const { code, message, data } = toReport(error)
    if (code === 'internal') console.error(error)
    say({ type: 'failed', call, error: { code, message, ...(data ? { data: copyData(data) } : {}) } })
  }
}

type FailedData = NonNullable<Extract<ChildMessage, { type: 'failed' }>['error']['data']>

function copyData(data: NonNullable<ReturnType<typeof toReport>['data']>): FailedData {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  )
}

function say(message: ChildMessage): void {
  if (process.connected) process.send?.(message)
}
