import { SoftpostError } from '../../workers/protocol/errors.ts'

/** Rejects everything that waits on a worker, once the worker or one of its helpers has died. */
export class Death {
  readonly #listeners = new Set<(reason: SoftpostError) => void>()
  #reason: SoftpostError | null = null

  get reason(): SoftpostError | null {
    return this.#reason
  }

  declare(reason: SoftpostError): void {
    if (this.#reason !== null) return
    this.#reason = reason
    for (const listener of this.#listeners) listener(reason)
    this.#listeners.clear()
  }

  onDeath(listener: (reason: SoftpostError) => void): () => void {
    if (this.#reason !== null) listener(this.#reason)
    else this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Settles as `work` does, or rejects at death or when `signal` fires, whichever is first. */
  async race<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    const ended = Promise.withResolvers<never>()
    const forget = this.onDeath(ended.reject)
    const abort = () => ended.reject(new SoftpostError('cancelled', 'stopped as you asked; nothing was changed'))
    if (signal?.aborted === true) abort()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([work, ended.promise])
    } finally {
      forget()
      signal?.removeEventListener('abort', abort)
    }
  }
}
