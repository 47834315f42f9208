/** The runs that this browser keeps, as the worker tells them: its list, moved on by its events. */
import { create } from 'zustand'
import { type ErrorReport, toReport } from '../../workers/protocol/errors.ts'
import { assertNever } from '../../workers/protocol/errors.ts'
import type {
  HeldOutReport,
  RunStatus,
  RunSummary,
  SelfCheck,
  StepPoint,
  TunerEvent,
} from '../../workers/protocol/tuner.ts'
import { onTunerEnd, onTunerEvent, tuner } from './bridge.ts'

export type Pace = { readonly examplesPerSecond: number; readonly secondsLeft: number }

export type RunsState = {
  readonly list: 'unread' | 'reading' | 'read' | 'failed'
  readonly listError: ErrorReport | null
  /** Newest first. */
  readonly runs: readonly RunSummary[]
  /** Of runs that this page has seen at work. */
  readonly pace: Readonly<Record<string, Pace>>
  readonly failures: Readonly<Record<string, ErrorReport>>
}

export const useRuns = create<RunsState>(() => ({
  list: 'unread',
  listError: null,
  runs: [],
  pace: {},
  failures: {},
}))

export function isTuning({ runs }: Pick<RunsState, 'runs'>): boolean {
  return runs.some(({ status }) => status === 'running')
}

/** Reads the list from the worker. Never throws: an error stands in the store. */
export async function refreshRuns(): Promise<void> {
  if (useRuns.getState().list !== 'read') useRuns.setState({ list: 'reading' })
  try {
    const runs = [...(await tuner.runs())].sort((a, b) => b.createdAt - a.createdAt)
    useRuns.setState({ list: 'read', listError: null, runs })
  } catch (error) {
    useRuns.setState({ list: 'failed', listError: toReport(error) })
  }
}

/** Deletes a run with its checkpoints and its prompt. @throws SoftpostError */
export async function removeRun(runId: string): Promise<void> {
  await tuner.deleteRun(runId)
  useRuns.setState(({ runs }) => ({ runs: runs.filter((run) => run.runId !== runId) }))
}

/** A run whose prompt can be tried and sent: it is over, and it took at least one step. */
export function hasPrompt(run: RunSummary): boolean {
  return (run.status === 'finished' || run.status === 'stopped') && run.stepsDone > 0
}

export function latestWithPrompt(runs: readonly RunSummary[]): RunSummary | null {
  return runs.find(hasPrompt) ?? null
}

/** The state after an event; an event of a run that is not listed yet changes nothing. */
export function applyEvent(state: RunsState, event: TunerEvent): Partial<RunsState> {
  const change = (next: (run: RunSummary) => RunSummary) => ({
    runs: state.runs.map((run) => (run.runId === event.runId ? next(run) : run)),
  })
  switch (event.type) {
    case 'status':
      return change((run) => withStatus(run, event.status))
    case 'step': {
      const { examplesPerSecond, secondsLeft } = event
      return {
        ...change((run) => withPoint(run, event.point, event.stepsDone)),
        pace: { ...state.pace, [event.runId]: { examplesPerSecond, secondsLeft } },
      }
    }
    case 'held-out':
      return change((run) => withHeldOut(run, event.report))
    case 'self-check':
      return change((run) => withSelfCheck(run, event.report))
    case 'checkpoint':
      return {}
    case 'failed':
      return {
        ...change((run) => withStatus(run, 'failed')),
        failures: { ...state.failures, [event.runId]: event.error },
      }
    default:
      return assertNever(event)
  }
}

function withStatus(run: RunSummary, status: RunStatus): RunSummary {
  return { ...run, status }
}

/** After a pause or a reload a run may take a step a second time; the newer point counts. */
function withPoint(run: RunSummary, point: StepPoint, stepsDone: number): RunSummary {
  const before = run.points.filter(({ step }) => step < point.step)
  return {
    ...run,
    stepsDone,
    stepsSpent: Math.max(run.stepsSpent, stepsDone),
    epsilonSpent: point.epsilon,
    points: [...before, point],
  }
}

function withHeldOut(run: RunSummary, heldOut: HeldOutReport): RunSummary {
  return { ...run, heldOut }
}

function withSelfCheck(run: RunSummary, selfCheck: SelfCheck): RunSummary {
  return { ...run, selfCheck }
}

/** Joins the store to the worker's events; returns the way to part them. */
export function followRuns(): () => void {
  const stopEvents = onTunerEvent((event) => {
    useRuns.setState((state) => applyEvent(state, event))
    const known = useRuns.getState().runs.some((run) => run.runId === event.runId)
    if (!known || event.type === 'status') void refreshRuns()
  })
  const stopEnds = onTunerEnd((error) => {
    useRuns.setState(({ runs, failures }) => {
      const working = runs.filter((run) => run.status === 'running')
      return {
        runs: runs.map((run) => (run.status === 'running' ? withStatus(run, 'paused') : run)),
        failures:
          error.code === 'cancelled'
            ? failures
            : { ...failures, ...Object.fromEntries(working.map((run) => [run.runId, error])) },
      }
    })
  })
  return () => {
    stopEvents()
    stopEnds()
  }
}
