/** Long work counts while it goes on, so that a quota ends it in time for the next one. */
const EVERY_MS = 30_000

/**
 * Charges the seconds since the last charge every half minute; the result ends it and charges the rest. What a process
 * that is killed has not yet charged is forgiven.
 * @param charge may not reject
 */
export function startMeter(charge: (seconds: number) => Promise<void>): () => Promise<void> {
  let charged = performance.now()
  const chargeRest = async () => {
    const now = performance.now()
    const seconds = (now - charged) / 1000
    charged = now
    await charge(seconds)
  }
  const timer = setInterval(() => void chargeRest(), EVERY_MS)
  return async () => {
    clearInterval(timer)
    await chargeRest()
  }
}
