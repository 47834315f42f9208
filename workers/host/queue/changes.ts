/** Tells those who watch a job that it changed, without keeping what it changed to. */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>()

  announce(id: string): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    for (const wake of waiting ?? []) wake()
  }

  /** Settles at the next announcement, after `limitMs`, or when the signal is aborted: the caller then looks again. */
  next(id: string, limitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set()
      this.#waiting.set(id, waiting)
      const wake = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        waiting.delete(wake)
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id)
        resolve()
      }
      const timer = setTimeout(wake, limitMs)
      waiting.add(wake)
      if (signal.aborted) wake()
      else signal.addEventListener('abort', wake)
    })
  }
}
