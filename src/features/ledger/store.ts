import { create } from 'zustand'
import type { ErrorReport } from '../../../workers/protocol/errors.ts'
import type { BrowserLedgerReport, FileBudget } from '../../../workers/protocol/ledger.ts'

export type LedgerState = {
  /** Of the open file; null while it is not known. */
  readonly file: FileBudget | null
  readonly report: BrowserLedgerReport | null
  readonly reportError: ErrorReport | null
  readonly doing: 'nothing' | 'saving' | 'restoring' | 'setting' | 'mending' | 'counting'
  readonly error: ErrorReport | null
  /** What the last act did, in words. */
  readonly note: string | null
}

export const useLedger = create<LedgerState>(() => ({
  file: null,
  report: null,
  reportError: null,
  doing: 'nothing',
  error: null,
  note: null,
}))
