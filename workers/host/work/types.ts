/** Work that runs in a process of its own (the command line, or a child of the server). */
import type { BackendName } from '../../protocol/tuning.ts'
import type { Task } from '../../protocol/task.ts'
import type { Alpha } from '../../protocol/wire.ts'

export type TransferWork = {
  readonly teacherDir: string
  readonly studentDir: string
  /** PEFT folder with the student's prompt ps. */
  readonly promptDir: string
  readonly task: Task
  readonly publicFile: string
  readonly textColumn?: string
  readonly labelColumn?: string
  readonly alpha: Alpha
  readonly steps?: number
  readonly backend?: 'auto' | BackendName
  /** Where the PEFT folder with pt is written. */
  readonly outDir: string
}

export type TransferProgress = {
  readonly phase: 'constants' | 'steps'
  readonly step: number
  readonly steps: number
  readonly loss: number | null
  readonly alpha: number | null
  readonly secondsLeft: number | null
}

export type TransferSummary = { readonly alpha: number; readonly steps: number; readonly loss: number; readonly out: string }
