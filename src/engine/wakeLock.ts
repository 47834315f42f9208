/** Keeps the screen on while a run is watched, so that the device does not go to sleep under it. */
import { create } from 'zustand'
import { isTuning, useRuns } from './runs.ts'

/** Whether the screen is held, and for how long the browser had put the page to sleep at last; null for never. */
export type WakeState = { readonly isHeld: boolean; readonly sleptMs: number | null }

export const useWake = create<WakeState>(() => ({ isHeld: false, sleptMs: null }))

let lock: WakeLockSentinel | null = null
let asking = false

export function followWake(): void {
  useRuns.subscribe(() => void settle())
  document.addEventListener('visibilitychange', () => void settle())
  let frozenAt: number | null = null
  document.addEventListener('freeze', () => {
    frozenAt = Date.now()
  })
  document.addEventListener('resume', () => {
    if (frozenAt !== null && isTuning(useRuns.getState())) useWake.setState({ sleptMs: Date.now() - frozenAt })
    frozenAt = null
  })
}

/** The browser takes the lock back whenever the page is hidden. A refusal (little battery) is no fault. */
async function settle(): Promise<void> {
  if (!('wakeLock' in navigator) || asking) return
  const wanted = isTuning(useRuns.getState()) && document.visibilityState === 'visible'
  if (wanted === (lock !== null)) return
  asking = true
  try {
    if (wanted) {
      lock = await navigator.wakeLock.request('screen')
      lock.addEventListener('release', () => {
        lock = null
        useWake.setState({ isHeld: false })
      })
    } else await lock?.release()
    useWake.setState({ isHeld: lock !== null })
  } catch {
    lock = null
    useWake.setState({ isHeld: false })
  } finally {
    asking = false
  }
}
