/** Whether the browser keeps the tuning worker off the network, as the worker itself found by trying. */
import { create } from 'zustand'
import { type ErrorReport, toReport } from '../../workers/protocol/errors.ts'
import type { NetworkProbe } from '../../workers/protocol/tuner.ts'
import { tuner } from './bridge.ts'

export type ProbeState =
  | { readonly status: 'unknown' | 'running' }
  | { readonly status: 'done'; readonly attempts: NetworkProbe }
  | { readonly status: 'failed'; readonly error: ErrorReport }

export const useProbe = create<{ readonly probe: ProbeState }>(() => ({ probe: { status: 'unknown' } }))

/** Never throws: an error stands in the store. */
export async function probeNetwork(): Promise<void> {
  const { probe } = useProbe.getState()
  if (probe.status === 'running') return
  useProbe.setState({ probe: { status: 'running' } })
  try {
    useProbe.setState({ probe: { status: 'done', attempts: await tuner.probeNetwork() } })
  } catch (error) {
    useProbe.setState({ probe: { status: 'failed', error: toReport(error) } })
  }
}

/** True once every way out was tried and refused. */
export function isSealed(probe: ProbeState): boolean {
  return probe.status === 'done' && probe.attempts.length > 0 && probe.attempts.every(({ refused }) => refused)
}
