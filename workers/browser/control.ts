/** The port of a long call: progress goes out by it, and any message that comes in is the wish to stop. */
import { SoftpostError } from '../protocol/errors.ts'

export type Control<T> = {
  /**
   * Tells how far the work is, and takes a turn of the event loop, so that the wish is heard on the fastest device too.
   * Errors: `cancelled` where it was heard before.
   */
  readonly report: (progress: T) => Promise<void>
  /** The same, but at most ten times a second: for work in many small parts. */
  readonly reportNowAndThen: (progress: T) => Promise<void>
}

const PACE_MS = 100

/** @param whenStopped says what is safe. */
export function openControl<T>(port: MessagePort, whenStopped: string): Control<T> {
  let isStopped = false
  let last = -Infinity
  port.onmessage = () => {
    isStopped = true
  }
  const report = async (progress: T): Promise<void> => {
    if (isStopped) throw new SoftpostError('cancelled', whenStopped)
    last = performance.now()
    port.postMessage(progress)
    await new Promise((resolve) => setTimeout(resolve))
  }
  return {
    report,
    reportNowAndThen: async (progress) => {
      if (performance.now() - last >= PACE_MS) await report(progress)
    },
  }
}
