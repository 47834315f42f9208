/** Exact figures that were asked for. They stay in this tab, and are gone with it. */
import { create } from 'zustand'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import type { ExactReport } from '../../../workers/protocol/tuner.ts'
import { tuner } from '../../engine/bridge.ts'
import { refreshRuns } from '../../engine/runs.ts'

export type Look =
  | { readonly status: 'idle' }
  | { readonly status: 'looking'; readonly runId: string }
  | { readonly status: 'seen'; readonly runId: string; readonly report: ExactReport }
  | { readonly status: 'failed'; readonly runId: string; readonly error: ErrorReport }

type SealState = { readonly look: Look }

export const useSeal = create<SealState>(() => ({ look: { status: 'idle' } }))

/** Noted before anything is shown. @throws SoftpostError */
export async function liftSeal(runId: string | null): Promise<void> {
  await tuner.liftSeal(runId)
  await refreshRuns()
}

/** Never throws: an error stands in the store. */
export async function lookInside(runId: string): Promise<void> {
  if (useSeal.getState().look.status === 'looking') return
  useSeal.setState({ look: { status: 'looking', runId } })
  try {
    useSeal.setState({ look: { status: 'seen', runId, report: await tuner.exactFigures(runId) } })
  } catch (error) {
    useSeal.setState({ look: { status: 'failed', runId, error: toReport(error) } })
  }
}
