import { create } from 'zustand'
import type { ErrorReport } from '../../../workers/protocol/errors.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'

export type TuneState = {
  /** What was asked of the worker and is not answered yet. */
  readonly request: 'none' | 'starting' | 'pausing' | 'resuming' | 'stopping' | 'exchanging'
  /** The run on show; null shows the newest. */
  readonly runId: string | null
  readonly error: ErrorReport | null
}

export const useTune = create<TuneState>(() => ({ request: 'none', runId: null, error: null }))

export function shownRun(runs: readonly RunSummary[], runId: string | null): RunSummary | null {
  return runs.find((run) => run.runId === runId) ?? runs[0] ?? null
}
