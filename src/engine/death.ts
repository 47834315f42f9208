import { SoftpostError } from '../../workers/protocol/errors.ts'
import { interruptible, type Interrupt } from '../../workers/protocol/interrupt.ts'

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

  readonly onDeath: Interrupt<SoftpostError> = (listener) => {
    if (this.#reason !== null) listener(this.#reason)
    else this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Settles as `work` does, or rejects at death or when `signal` fires, whichever is first. */
  async race<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    return await interruptible(() => work, this.onDeath, ...(signal === undefined ? [] : [abortOf(signal)]))
  }
}

function abortOf(signal: AbortSignal): Interrupt {
  return (tell) => {
    const abort = () => tell(new SoftpostError('cancelled', 'stopped as you asked; nothing was changed'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  }
}
