/** Waiting for something that another thread or a device does, which may go away meanwhile. */

/** Tells when waiting is over before its time, and why; the result is called by whom it concerns no longer. */
export type Interrupt<Why extends Error = Error> = (tell: (why: Why) => void) => () => void

/**
 * Settles as `work` does, or rejects as soon as an interrupt tells, whichever is first. No interrupt is left with
 * anything of the work: a race against one promise that lives as long as the thread keeps every result for so long.
 */
export async function interruptible<T>(work: () => T | Promise<T>, ...interrupts: readonly Interrupt[]): Promise<T> {
  const told = Promise.withResolvers<never>()
  const forget = interrupts.map((interrupt) => interrupt(told.reject))
  const working = async () => await work()
  try {
    return await Promise.race([told.promise, working()])
  } finally {
    for (const one of forget) one()
  }
}
