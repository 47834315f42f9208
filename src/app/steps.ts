/** The steps in their order, each with its panel. A feature's `Panel.tsx` exports `Panel`, without props. */
import type { ComponentType } from 'react'
import { Panel as DataPanel } from '../features/data/Panel.tsx'
import { Panel as ModelPanel } from '../features/model/Panel.tsx'
import { Panel as PrivacyPanel } from '../features/privacy/Panel.tsx'
import { Panel as RunsPanel } from '../features/runs/Panel.tsx'
import { Panel as SendPanel } from '../features/send/Panel.tsx'
import { Panel as TryPanel } from '../features/tryout/Panel.tsx'
import { Panel as TunePanel } from '../features/tune/Panel.tsx'
import { Panel as UsePanel } from '../features/use/Panel.tsx'
import { Panel as WorkshopPanel } from '../features/workshop/Panel.tsx'
import type { StepId } from './navigation.ts'

export type Step = { readonly id: StepId; readonly Panel: ComponentType }

/** The way from a model to a prompt at work; the others stand beside it. */
export const JOURNEY: readonly Step[] = [
  { id: 'model', Panel: ModelPanel },
  { id: 'data', Panel: DataPanel },
  { id: 'privacy', Panel: PrivacyPanel },
  { id: 'tune', Panel: TunePanel },
  { id: 'try', Panel: TryPanel },
  { id: 'send', Panel: SendPanel },
  { id: 'use', Panel: UsePanel },
]

export const HISTORY: Step = { id: 'runs', Panel: RunsPanel }
/** Offered where the host says that it is one. */
export const WORKSHOP: Step = { id: 'workshop', Panel: WorkshopPanel }
