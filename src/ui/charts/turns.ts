/** Work that cannot be cut smaller, one piece after the other, so that the page answers between two of them. */
import { useEffect, useState } from 'react'

/** A page that is never idle gets on with it all the same. */
const PATIENCE_MS = 500

const waiting = new Set<() => void>()
let isTaking = false

/** Does the work when all that came earlier is done and the page is idle; returns the way to give the turn up. */
function inTurn(work: () => void): () => void {
  waiting.add(work)
  if (!isTaking) takeNext()
  return () => {
    waiting.delete(work)
  }
}

function takeNext(): void {
  const [work] = waiting
  isTaking = work !== undefined
  if (work === undefined) return
  whenIdle(() => {
    // Given up meanwhile, it leaves its turn to the next.
    if (waiting.delete(work)) work()
    takeNext()
  })
}

/** Safari has no idle callbacks; there a task of its own has to do. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work, { timeout: PATIENCE_MS })
  else setTimeout(work)
}

/** How many of its turns the component has had, which asks for one after the other until it has had `count`. */
export function useTurns(count: number): number {
  const [had, setHad] = useState(0)
  useEffect(() => (had < count ? inTurn(() => setHad(had + 1)) : undefined), [had, count])
  return had
}
