/** The worker's calls about the backup file. */
import type { Ledger } from '../../privacy/ledger/ledger.ts'
import type { Certificate } from '../../protocol/certificate.ts'
import { BackupFile } from '../../protocol/backup.ts'
import { BACKUP_EGRESS, BUDGET_EGRESS, fieldsFor, SAVED_RUN_EGRESS } from '../../protocol/egress.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { BudgetFile } from '../../protocol/ledger.ts'
import type { TunerApi } from '../../protocol/tuner.ts'
import { makeRelease } from '../../tune/prompt.ts'
import type { TuningState } from '../../tune/types.ts'
import { releaseOf } from '../releases.ts'
import type { RunStore } from '../storage/runStore.ts'
import type { StoredRun } from '../storage/schema.ts'
import { readFile, type Workspace } from '../workspace.ts'
import { isSavable, restoredRun, savedRun, type RestoredRun } from './savedRun.ts'
import type { Waiting } from './waiting.ts'

export type BackupParts = {
  readonly store: RunStore
  readonly ledger: Ledger
  readonly waiting: Waiting
  readonly workspace: Workspace
}

export function createBackupCalls({
  store,
  ledger,
  waiting,
  workspace,
}: BackupParts): Pick<TunerApi, 'saveBackup' | 'restoreBackup' | 'countWaiting'> {
  /** One part for each file; they may share runs, as files may share rows. */
  const budgets = async (): Promise<BudgetFile[]> => {
    const parts: BudgetFile[] = []
    for (const { runs } of (await ledger.report()).files) {
      const [newest] = runs
      if (newest !== undefined) parts.push(await ledger.saveOf(newest.run.id))
    }
    return [...parts, ...(await waiting.parts())]
  }
  const certificateOf = async (run: StoredRun, state: TuningState): Promise<Certificate> => {
    const part = await waiting.partOf(run.runId)
    if (part === undefined) return (await releaseOf(ledger, { run, state })).certificate
    const sawPrivate = part.seen === true
    return (await makeRelease({ plan: run.plan, prompt: state.prompt, student: run.student, sawPrivate })).certificate
  }
  return {
    saveBackup: async () => {
      const all = await store.list()
      const runs = await Promise.all(
        all.filter(isSavable).map(async (run) => {
          const state = await store.readState(run.runId)
          const certificate = await certificateOf(run, state)
          return fieldsFor('file', savedRun(run, state, certificate), SAVED_RUN_EGRESS)
        }),
      )
      const file = {
        format: 'softpost-backup',
        version: 1,
        runs,
        budgets: (await budgets()).map((part) => fieldsFor('file', part, BUDGET_EGRESS)),
      }
      // What cannot be read again is no backup: better an error now than then.
      const whole = BackupFile.parse(JSON.parse(JSON.stringify(file)))
      const text = JSON.stringify(fieldsFor('file', whole, BACKUP_EGRESS), null, 1)
      return { bytes: new TextEncoder().encode(`${text}\n`), runs: runs.length, leftOut: all.length - runs.length }
    },
    restoreBackup: async (given) => {
      const file = parseBackup(await readFile(given))
      const runs: RestoredRun[] = []
      for (const run of file.runs) runs.push(await restoredRun(run))
      requireBudgets(file)
      // The ledger first: a run without it would have spent nothing.
      await waiting.take(file.budgets)
      const added = await store.restore(runs)
      const names = new Set(file.budgets.map(({ dataName }) => dataName))
      const left = (await waiting.files()).filter(({ name }) => names.has(name))
      return { added, known: runs.length - added, waiting: left.map(({ name }) => name) }
    },
    countWaiting: async (name) => ({ added: await waiting.count(name, workspace.fileUnits().units) }),
  }
}

function parseBackup(bytes: Uint8Array): BackupFile {
  try {
    return BackupFile.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw new SoftpostError(
      'file-format',
      'this is not a backup file, or it was changed or cut short, so nothing was put back; choose one that Softpost saved',
      { cause: error },
    )
  }
}

/** A run that the ledger was never told of would be one that has spent nothing. */
function requireBudgets({ runs, budgets }: BackupFile): void {
  const listed = new Map(budgets.flatMap((part) => part.runs.map((each) => [each.run.id, each] as const)))
  for (const { runId, plan, stepsSpent, certificate } of runs) {
    const entry = listed.get(runId)
    const mechanism = entry?.run.mechanism ?? null
    const agrees =
      entry === undefined
        ? // A run from before the ledger is in no part; its certificate says so by having no project.
          plan.privacy === null || certificate.project === undefined
        : plan.privacy === null
          ? mechanism === null
          : mechanism !== null &&
            mechanism.sigma === plan.privacy.sigma &&
            mechanism.sampleRate === plan.sampleRate &&
            mechanism.steps === plan.steps &&
            entry.stepsSpent >= stepsSpent
    if (!agrees) {
      throw new SoftpostError(
        'file-format',
        'the backup says different things about one run, so nothing was put back; choose another copy of the file',
      )
    }
  }
}
