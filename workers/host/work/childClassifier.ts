/** The one warm process that runs the large model on texts; it is started when needed and ends when idle. */
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import type { Task } from '../../protocol/task.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { ClassifyResponse } from '../../protocol/wire.ts'
import { ComputeProcess, isCrash } from './childProcess.ts'

export type ClassifyWork = {
  readonly modelDir: string
  readonly backend: 'auto' | BackendName
  /** PEFT folder with pt, or null for the model without a prompt. */
  readonly promptDir: string | null
  readonly task: Task
  readonly texts: readonly string[]
}

export type ClassifierOptions = {
  readonly script: URL
  /** Milliseconds without a call after which the process ends and its memory is free. */
  readonly idleMs?: number
  /** Milliseconds that one call may take, loading the model included. */
  readonly timeoutMs?: number
  /** Calls that may wait; more are turned away as `busy`. */
  readonly maxWaiting?: number
}

const Predictions = ClassifyResponse.shape.predictions

export class WarmClassifier {
  readonly #options: Required<ClassifierOptions>
  /** Prompts whose bytes the running process has seen. */
  readonly #seen = new Set<string>()
  #process: ComputeProcess | null = null
  #idle: NodeJS.Timeout | undefined
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()
  #closed = false
  #starts = 0

  constructor(options: ClassifierOptions) {
    this.#options = { idleMs: 5 * 60_000, timeoutMs: 5 * 60_000, maxWaiting: 16, ...options }
  }

  /** Processes started so far, for the metrics. */
  get starts(): number {
    return this.#starts
  }

  get pid(): number | undefined {
    return this.#process?.over === false ? this.#process.pid : undefined
  }

  /**
   * Class probabilities of each text. Errors: `busy` when too many calls wait, `internal` when the process crashed
   * twice, `cancelled` when it took too long, and those of the work itself.
   */
  async classify(work: ClassifyWork): Promise<ClassifyResponse['predictions']> {
    if (this.#closed) throw new SoftpostError('busy', 'the host is stopping; ask again in a moment')
    if (this.#waiting >= this.#options.maxWaiting) {
      throw new SoftpostError('busy', `${this.#waiting} classify calls are waiting; ask again in a moment`)
    }
    clearTimeout(this.#idle)
    this.#waiting += 1
    // One after the other, so that the time limit is each call's own.
    const answer = this.#last.then(() => this.#callTwice(work))
    this.#last = Promise.allSettled([answer])
    try {
      return z.parse(Predictions, await answer)
    } finally {
      this.#waiting -= 1
      if (this.#waiting === 0) this.#rest()
    }
  }

  /** Ends the process if it has seen the prompt, so that nothing of a deleted prompt stays in memory. */
  forget(promptDir: string): void {
    if (this.#seen.has(promptDir)) this.#stop('held a prompt that was deleted')
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    const running = this.#process
    this.#stop('was stopped')
    await running?.exited
  }

  /** The process may have been ended under this call because of another one (`forget`), hence a second try. */
  async #callTwice(work: ClassifyWork): Promise<unknown> {
    try {
      return await this.#call(work)
    } catch (error) {
      if (!isCrash(error) || this.#closed) throw error
      return await this.#call(work)
    }
  }

  async #call(work: ClassifyWork): Promise<unknown> {
    const running = this.#running()
    if (work.promptDir !== null) this.#seen.add(work.promptDir)
    return await running.call(work, { signal: AbortSignal.timeout(this.#options.timeoutMs) })
  }

  #running(): ComputeProcess {
    if (this.#process === null || this.#process.over) {
      this.#seen.clear()
      this.#process = new ComputeProcess(this.#options.script, 'classify')
      this.#starts += 1
    }
    return this.#process
  }

  #rest(): void {
    if (this.#closed) return
    this.#idle = setTimeout(() => this.#stop('was idle'), this.#options.idleMs)
    this.#idle.unref()
  }

  #stop(reason: string): void {
    this.#process?.kill(reason)
    this.#process = null
    this.#seen.clear()
  }
}
