/** The host's side of a compute process: calls with progress, a watch on its heartbeat, and an end by SIGKILL. */
import { fork, type ChildProcess } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { SoftpostError, fromReport } from '../../protocol/errors.ts'
import { ChildMessage, type ChildCall } from './childMessages.ts'

/**
 * Silence after which a child counts as hung. A single step of a large model may hold its event loop for tens of
 * seconds on a slow machine.
 */
const SILENT_MS = 120_000

/** Names in the environment that a child has no business with. */
const HOST_ONLY: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'PGPASSWORD',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
])

type Pending = {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly onProgress: (value: unknown) => void
}

export type CallOptions = { readonly onProgress?: (value: unknown) => void; readonly signal?: AbortSignal }

/**
 * One forked process. A call rejects with the error that the work reported, with `cancelled` when its signal was
 * aborted (which ends the process: computing cannot be interrupted otherwise), or with an error of {@link isCrash} when
 * the process ended by itself.
 */
export class ComputeProcess {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #pending = new Map<number, Pending>()
  readonly #watch: NodeJS.Timeout
  readonly exited: Promise<void>
  #nextCall = 1
  #heardAt = performance.now()
  #reason: string | null = null
  #over = false

  constructor(script: URL, name: string, options: { readonly silentMs?: number } = {}) {
    const silentMs = options.silentMs ?? SILENT_MS
    this.#name = name
    this.#child = fork(fileURLToPath(script), [], {
      env: Object.fromEntries(Object.entries(process.env).filter(([key]) => !HOST_ONLY.has(key))),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#end(this.#reason ?? `ended (${signal ?? `exit code ${code}`})`)
        resolve()
      })
      this.#child.once('error', (error) => {
        this.#end(`could not be started: ${error.message}`)
        resolve()
      })
    })
    this.#child.on('message', (message) => this.#hear(message))
    this.#watch = setInterval(
      () => {
        if (performance.now() - this.#heardAt > silentMs) this.kill(`was silent for ${Math.round(silentMs / 1000)} s`)
      },
      Math.min(1_000, silentMs),
    )
    this.#watch.unref()
  }

  get over(): boolean {
    return this.#over
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async call(body: unknown, options: CallOptions = {}): Promise<unknown> {
    const { signal } = options
    if (this.#over || signal?.aborted) throw this.#crash('is over')
    const call: ChildCall = { call: this.#nextCall++, body }
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(call.call, { resolve, reject, onProgress: options.onProgress ?? (() => undefined) })
    })
    const onAbort = () => {
      this.#pending.get(call.call)?.reject(new SoftpostError('cancelled', `${this.#name}: the call was cancelled`))
      this.#pending.delete(call.call)
      this.kill('was cancelled')
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#child.send(call, (error) => {
      if (error) this.kill(`cannot be reached: ${error.message}`)
    })
    try {
      return await answer
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Ends the process at once. Work is written so that this is always safe. */
  kill(reason: string): void {
    this.#reason ??= reason
    if (!this.#over) this.#child.kill('SIGKILL')
  }

  #hear(raw: unknown): void {
    this.#heardAt = performance.now()
    const message = ChildMessage.parse(raw)
    if (message.type === 'heartbeat') return
    const pending = this.#pending.get(message.call)
    if (pending === undefined) return
    if (message.type === 'progress') return pending.onProgress(message.value)
    this.#pending.delete(message.call)
    if (message.type === 'done') return pending.resolve(message.value)
    const { code, message: text, data } = message.error
    pending.reject(fromReport({ code, message: text, ...(data ? { data } : {}) }))
  }

  #end(reason: string): void {
    this.#over = true
    clearInterval(this.#watch)
    for (const { reject } of this.#pending.values()) reject(this.#crash(reason))
    this.#pending.clear()
  }

  #crash(reason: string): SoftpostError {
    return new SoftpostError('internal', `${this.#name} process ${reason}; it is started again`, {
      data: { crashed: true },
    })
  }
}

/** Whether the process itself failed, so that the same call may succeed another time. */
export function isCrash(error: unknown): boolean {
  return error instanceof SoftpostError && error.data['crashed'] === true
}
