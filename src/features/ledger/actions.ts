/** What the rows have spent, and the file that keeps it. None of these throws: an error stands in the store. */
import { toReport } from '../../../workers/protocol/errors.ts'
import { tuner } from '../../engine/bridge.ts'
import { refreshRuns, useRuns } from '../../engine/runs.ts'
import { saveFile } from '../../engine/save.ts'
import { useData } from '../data/store.ts'
import { refreshPlan } from '../privacy/actions.ts'
import { LEDGER_COPY } from './copy.ts'
import { type LedgerState, useLedger } from './store.ts'

/** @param runId null for the open file. */
export async function saveBudget(runId: string | null, dataName: string): Promise<void> {
  await act('saving', async () => {
    const bytes = await tuner.saveBudget(runId)
    saveFile(`${dataName.replace(/\.[^.]*$/, '')}.budget.json`, 'application/json', bytes)
    return null
  })
}

export async function restoreBudget(file: File): Promise<void> {
  await act('restoring', async () => LEDGER_COPY.change.restored((await tuner.restoreBudget(file)).added))
}

export async function setBudget(epsilon: number): Promise<void> {
  await act('setting', async () => {
    await tuner.setFileBudget(epsilon)
    return LEDGER_COPY.change.changed
  })
}

export async function mendLedger(): Promise<void> {
  await act('mending', async () => {
    await tuner.mendLedger()
    return null
  })
}

/** Restored runs on a file of this name are runs on the rows of the open one. */
export async function countWaiting(name: string): Promise<void> {
  await act('counting', async () => LEDGER_COPY.change.restored((await tuner.countWaiting(name)).added))
}

async function act(doing: LedgerState['doing'], work: () => Promise<string | null>): Promise<void> {
  useLedger.setState({ doing, error: null, note: null })
  try {
    useLedger.setState({ note: await work() })
  } catch (error) {
    useLedger.setState({ error: toReport(error) })
  } finally {
    useLedger.setState({ doing: 'nothing' })
  }
  await Promise.all([refreshRuns(), refreshSpending(), refreshLedger()])
}

export async function refreshLedger(): Promise<void> {
  try {
    useLedger.setState({ report: await tuner.ledger(), reportError: null })
  } catch (error) {
    useLedger.setState({ reportError: toReport(error) })
  }
}

/** Of the open file and the plan on it. */
async function refreshSpending(): Promise<void> {
  const { report } = useData.getState()
  if (report === null) {
    useLedger.setState({ file: null })
    return
  }
  // The plan says the same, and why it cannot be known; here it is left out then.
  const file = await tuner.fileBudget().catch(() => null)
  if (useData.getState().report === report) useLedger.setState({ file })
  await refreshPlan()
}

/** What is spent changes with the file that is open, and with each run that begins or ends. */
export function followSpending(): () => void {
  const stopData = useData.subscribe((now, before) => {
    if (now.report === before.report) return
    useLedger.setState({ file: null, note: null, error: null })
    void refreshSpending()
  })
  const stopRuns = useRuns.subscribe((now, before) => {
    if (statesOf(now.runs) === statesOf(before.runs)) return
    void refreshSpending()
    if (useLedger.getState().report !== null) void refreshLedger()
  })
  return () => {
    stopData()
    stopRuns()
  }
}

function statesOf(runs: readonly { readonly runId: string; readonly status: string }[]): string {
  return runs.map(({ runId, status }) => `${runId} ${status}`).join()
}
