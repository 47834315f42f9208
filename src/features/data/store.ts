import { create } from 'zustand'
import type { ErrorReport } from '../../../workers/protocol/errors.ts'
import type { DataReport, TaskReport } from '../../../workers/protocol/tuner.ts'
import type { TaskDraft } from './draft.ts'
import type { Sample } from './samples.ts'

export type DataState = {
  readonly samples: readonly Sample[] | null
  readonly samplesError: ErrorReport | null
  /** `lost`: the worker that held the file died; the page still knows where the file is. */
  readonly status: 'empty' | 'fetching' | 'reading' | 'read' | 'failed' | 'lost'
  readonly fileName: string
  readonly sampleId: string | null
  readonly report: DataReport | null
  readonly error: ErrorReport | null

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
  ...NO_TASK,
}))

/** Whether the worker holds rows and a task whose words are all single tokens. */
export function hasTask({ status, task, taskReport }: DataState): boolean {
  return status === 'read' && task === 'checked' && taskReport !== null && splitWords(taskReport).length === 0
}

export function splitWords(report: TaskReport): TaskReport['words'] {
  return report.words.filter(({ token }) => token === null)
}
