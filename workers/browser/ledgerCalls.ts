/** The worker's calls about the ledger: what a file has spent, and the file that keeps it. */
import type { Ledger } from '../privacy/ledger/ledger.ts'
import { parseBudgetFile } from '../privacy/ledger/merge.ts'
import { BUDGET_EGRESS, fieldsFor } from '../protocol/egress.ts'
import type { BudgetFile } from '../protocol/ledger.ts'
import type { TunerApi } from '../protocol/tuner.ts'
import type { Waiting } from './backup/waiting.ts'
import { readFile, type Workspace } from './workspace.ts'

type LedgerCalls = Pick<
  TunerApi,
  'markReleased' | 'fileBudget' | 'setFileBudget' | 'saveBudget' | 'restoreBudget' | 'mendLedger' | 'ledger'
>

export function createLedgerCalls(ledger: Ledger, workspace: Workspace, waiting: Waiting): LedgerCalls {
  const saveOpen = async (): Promise<BudgetFile> => {
    const { name, units } = workspace.fileUnits()
    return await ledger.save(units, name)
  }
  return {
    markReleased: async (runId) => {
      await waiting.requireKnown(runId)
      await ledger.markReleased(runId)
    },
    fileBudget: async () => await ledger.budget(workspace.fileUnits().units),
    setFileBudget: async (epsilon) => {
      const { units } = workspace.fileUnits()
      await ledger.setBudget(units, epsilon)
      return await ledger.budget(units)
    },
    saveBudget: async (runId) => {
      if (runId !== null) await waiting.requireKnown(runId)
      const file = runId === null ? await saveOpen() : await ledger.saveOf(runId)
      return new TextEncoder().encode(`${JSON.stringify(fieldsFor('file', file, BUDGET_EGRESS), null, 2)}\n`)
    },
    restoreBudget: async (file) => {
      const { units } = workspace.fileUnits()
      return { added: await ledger.restore(parseBudgetFile(await readFile(file)), units) }
    },
    mendLedger: () => ledger.mend(),
    ledger: async () => ({ ...(await ledger.report()), waiting: await waiting.files() }),
  }
}
