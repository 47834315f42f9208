import { create } from 'zustand'
import type { ErrorReport } from '../../../workers/protocol/errors.ts'
import type { DataReport, Repair, TaskReport } from '../../../workers/protocol/tuner.ts'
import type { TaskDraft } from './draft.ts'
import type { Sample } from './samples.ts'

/** An edited file in the making: which repairs were chosen, and how far it is. */
export type Edit = { readonly repairs: readonly Repair[] } & (
  | { readonly status: 'choosing' | 'making' }
  | { readonly status: 'made'; readonly rows: number }
  | { readonly status: 'failed'; readonly error: ErrorReport }
)

export const NO_EDIT: Edit = { status: 'choosing', repairs: [] }

export type DataState = {
  readonly samples: readonly Sample[] | null
  readonly samplesError: ErrorReport | null
  /** `lost`: the worker that held the file died; the page still knows where the file is. */
  readonly status: 'empty' | 'fetching' | 'reading' | 'read' | 'failed' | 'lost'
  readonly fileName: string
  readonly sampleId: string | null
  readonly report: DataReport | null
  readonly error: ErrorReport | null

  /** Whether very long rows are left out of the open file. */
  readonly withoutLong: boolean
  readonly edit: Edit

  readonly draft: TaskDraft | null
  /** Whether the words come from the labels and nobody has looked at them yet. */
  readonly isProposed: boolean
  readonly task: 'none' | 'draft' | 'checking' | 'checked' | 'failed'
  readonly taskReport: TaskReport | null
  readonly taskError: ErrorReport | null
}

export const NO_TASK = { draft: null, isProposed: false, task: 'none', taskReport: null, taskError: null } as const

export const useData = create<DataState>(() => ({
  samples: null,
  samplesError: null,
  status: 'empty',
  fileName: '',
  sampleId: null,
  report: null,
  error: null,
  withoutLong: false,
  edit: NO_EDIT,
  ...NO_TASK,
}))

/** Whether the worker holds rows and a task whose words are all single tokens. */
export function hasTask({ status, task, taskReport }: DataState): boolean {
  if (status !== 'read' || task !== 'checked' || taskReport === null) return false
  return splitWords(taskReport).length === 0 && sharedWord(taskReport) === null
}

export function splitWords(report: TaskReport): TaskReport['words'] {
  return report.words.filter(({ token }) => token === null)
}

/** The first word whose token stands for two classes, which the model could then not tell apart. */
export function sharedWord(report: TaskReport): { readonly word: string; readonly labels: readonly string[] } | null {
  const owners = new Map<number, string>()
  for (const { label, word, token } of report.words) {
    if (token === null) continue
    const owner = owners.get(token)
    if (owner !== undefined && owner !== label) return { word, labels: [owner, label] }
    owners.set(token, label)
  }
  return null
}
