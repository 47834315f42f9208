import { create } from 'zustand'
import type { ErrorReport } from '../../../workers/protocol/errors.ts'
import type { PlanReport } from '../../../workers/protocol/tuner.ts'
import { type Knobs, NO_KNOBS } from './knobIds.ts'
import { type PrivacyChoice } from './knobs.ts'

export type PrivacyState = {
  readonly choice: PrivacyChoice
  readonly epsilon: number
  readonly knobs: Knobs
  /** `stale`: something changed since the plan was made. */
  readonly status: 'none' | 'stale' | 'planning' | 'planned' | 'failed'
  readonly report: PlanReport | null
  readonly error: ErrorReport | null
}

export const usePrivacy = create<PrivacyState>(() => ({
  choice: 'private',
  epsilon: 8,
  knobs: NO_KNOBS,
  status: 'none',
  report: null,
  error: null,
}))
