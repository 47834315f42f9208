/** One tab at a time works on a run, whichever tabs are open: a Web Lock per run, let go when its tab ends. */

const PREFIX = 'softpost-run-'

/** Null where another tab, or this one, works on the run; else the way to let go of it. */
export async function claimRun(locks: LockManager, runId: string): Promise<(() => void) | null> {
  const claimed = Promise.withResolvers<(() => void) | null>()
  locks
    .request(PREFIX + runId, { ifAvailable: true }, async (lock) => {
      if (lock === null) {
        claimed.resolve(null)
        return
      }
      const held = Promise.withResolvers<void>()
      claimed.resolve(held.resolve)
      await held.promise
    })
    .catch(claimed.reject)
  return await claimed.promise
}

/** Runs that some tab works on. */
export async function claimedRuns(locks: LockManager): Promise<ReadonlySet<string>> {
  const { held = [] } = await locks.query()
  return new Set(held.flatMap(({ name = '' }) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [])))
}
