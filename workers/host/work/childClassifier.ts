/** The one warm process that runs the large model on texts; it is started when needed and ends when idle. */
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'
import type { ClassifyTask, ExtractTask, Task } from '../../protocol/task.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { ClassifyResponse, GeneratedAnswer } from '../../protocol/wire.ts'
import { ComputeProcess, isCrash } from './childProcess.ts'
import { PushQueue } from './pushQueue.ts'

export type AnswerWork<T extends Task = Task> = {
  readonly modelDir: string
  readonly backend: 'auto' | BackendName
  /** PEFT folder with pt, or null for the model without a prompt. */
  readonly promptDir: string | null
  /** Decides whether answers are classes or texts. */
  readonly task: T
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

type Listening = {
  readonly onProgress?: (value: unknown) => void
  /** Whether nothing was said yet, so that the same call can be made again. */
  readonly mayRepeat?: () => boolean
}

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
  async classify(work: AnswerWork<ClassifyTask>): Promise<ClassifyResponse['predictions']> {
    return z.parse(Predictions, await this.#take(() => this.#callTwice(work)))
  }

  /** Answers that are texts, one after the other as they come. Errors as of {@link classify}. */
  async *generate(work: AnswerWork<ExtractTask>): AsyncGenerator<GeneratedAnswer, void> {
    const answers = new PushQueue<GeneratedAnswer>()
    let given = 0
    const onProgress = (value: unknown): void => {
      given += 1
      answers.push(z.parse(GeneratedAnswer, value))
    }
    const writing = this.#take(() => this.#callTwice(work, { onProgress, mayRepeat: () => given === 0 }))
    writing.then(
      () => answers.end(),
      (error: unknown) => answers.fail(error),
    )
    yield* answers
  }

  /** A place in the queue of calls. */
  async #take(call: () => Promise<unknown>): Promise<unknown> {
    if (this.#closed) throw new SoftpostError('busy', 'the host is stopping; ask again in a moment')
    if (this.#waiting >= this.#options.maxWaiting) {
      throw new SoftpostError('busy', `${this.#waiting} calls of the large model are waiting; ask again in a moment`)
    }
    clearTimeout(this.#idle)
    this.#waiting += 1
    // One after the other, so that the time limit is each call's own.
    const answer = this.#last.then(call)
    this.#last = Promise.allSettled([answer])
    try {
      return await answer
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
  async #callTwice(work: AnswerWork, { onProgress, mayRepeat = () => true }: Listening = {}): Promise<unknown> {
    try {
      return await this.#call(work, onProgress)
    } catch (error) {
      if (!isCrash(error) || this.#closed || !mayRepeat()) throw error
      return await this.#call(work, onProgress)
    }
  }

  async #call(work: AnswerWork, onProgress: (value: unknown) => void = () => undefined): Promise<unknown> {
    const running = this.#running()
    if (work.promptDir !== null) this.#seen.add(work.promptDir)
    return await running.call(work, { onProgress, signal: AbortSignal.timeout(this.#options.timeoutMs) })
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
