/** How far each step is, from what the features know. */
import { latestWithPrompt, useRuns } from '../engine/runs.ts'
import { hasTask, useData } from '../features/data/store.ts'
import { useModel } from '../features/model/store.ts'
import { usePrivacy } from '../features/privacy/store.ts'
import { useTransfers } from '../features/send/transfers.ts'
import { useTry } from '../features/tryout/store.ts'
import type { StepId } from './navigation.ts'

export type StepState = 'done' | 'ready' | 'waiting'

export type Milestones = {
  readonly hasModel: boolean
  readonly hasTask: boolean
  readonly hasPlan: boolean
  readonly hasRun: boolean
  readonly hasPrompt: boolean
  /** A typed text was answered. */
  readonly hasTried: boolean
  /** The provider has made a prompt for its large model. */
  readonly hasTransfer: boolean
}

function after(isDone: boolean, isReady: boolean): StepState {
  if (isDone) return 'done'
  return isReady ? 'ready' : 'waiting'
}

export function stepStates(milestones: Milestones): Readonly<Record<StepId, StepState>> {
  const { hasModel, hasTask, hasPlan, hasRun, hasPrompt, hasTried, hasTransfer } = milestones
  return {
    model: after(hasModel, true),
    data: after(hasTask, hasModel),
    privacy: after(hasPlan, hasTask),
    tune: after(hasPrompt, hasPlan || hasRun),
    try: after(hasTried, hasPrompt),
    send: after(hasTransfer, hasPrompt),
    use: after(false, hasPrompt || hasTransfer),
    runs: after(false, hasRun),
    workshop: 'ready',
  }
}

export function useStepStates(): Readonly<Record<StepId, StepState>> {
  const hasRun = useRuns(({ runs }) => runs.length > 0)
  const hasPrompt = useRuns(({ runs }) => latestWithPrompt(runs) !== null)
  return stepStates({
    hasModel: useModel(({ status }) => status === 'ready'),
    hasTask: useData(hasTask),
    hasPlan: usePrivacy(({ status }) => status === 'planned'),
    hasRun,
    hasPrompt,
    hasTried: useTry(({ answer }) => answer.status === 'answered'),
    hasTransfer: useTransfers(({ transfers }) => transfers.some(({ job }) => job.state === 'finished')),
  })
}
