/** Which run Try, Send and Use are about: the one that the person picked, else the newest with a prompt. */
import { create } from 'zustand'
import { hasPrompt, latestWithPrompt, useRuns } from '../../engine/runs.ts'
import type { RunSummary } from '../../../workers/protocol/tuner.ts'

type ChosenState = { readonly chosenId: string | null }

const useChosen = create<ChosenState>(() => ({ chosenId: null }))

export function chooseRun(runId: string): void {
  useChosen.setState({ chosenId: runId })
}

export function chosenRun(runs: readonly RunSummary[], chosenId: string | null): RunSummary | null {
  return runs.find((run) => run.runId === chosenId && hasPrompt(run)) ?? latestWithPrompt(runs)
}

export function useChosenRun(): RunSummary | null {
  const chosenId = useChosen((state) => state.chosenId)
  return useRuns(({ runs }) => chosenRun(runs, chosenId))
}
