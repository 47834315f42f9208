/** Which step is shown. The address's fragment says it, so that Back, reload and links work. */
import { create } from 'zustand'

export const STEP_IDS = ['model', 'data', 'privacy', 'tune', 'try', 'send', 'use', 'runs', 'workshop'] as const
export type StepId = (typeof STEP_IDS)[number]

type NavigationState = { readonly current: StepId }

function stepOfHash(hash: string): StepId {
  return STEP_IDS.find((id) => hash === `#${id}`) ?? 'model'
}

export const useNavigation = create<NavigationState>(() => ({ current: stepOfHash(location.hash) }))

export function goTo(step: StepId): void {
  if (stepOfHash(location.hash) === step) useNavigation.setState({ current: step })
  else location.hash = `#${step}`
}

function readHash(): void {
  useNavigation.setState({ current: stepOfHash(location.hash) })
}

export function followHash(): () => void {
  addEventListener('hashchange', readHash)
  readHash()
  return () => removeEventListener('hashchange', readHash)
}
