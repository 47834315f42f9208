/** What may be released of a run that is over, with what the ledger says of it. */
import type { Ledger } from '../privacy/ledger/ledger.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { Release } from '../protocol/tuner.ts'
import { makeRelease } from '../tune/prompt.ts'
import type { TuningState } from '../tune/types.ts'
import type { StoredRun } from './storage/schema.ts'

/**
 * @param others runs that the person declares as one project with it.
 * @throws SoftpostError `conflict` for a run that is not over or has made no step, and as `makeRelease`.
 */
export async function releaseOf(
  ledger: Ledger,
  { run, state }: { readonly run: StoredRun; readonly state: TuningState },
  others: readonly string[] = [],
): Promise<Release> {
  const { runId, plan, student, status } = run
  if (status !== 'finished' && status !== 'stopped') {
    throw new SoftpostError('conflict', 'the run is not over; let it finish or stop it before its prompt is released')
  }
  if (state.stepsDone === 0) {
    throw new SoftpostError('conflict', 'the run has made no step, so its prompt says nothing; start a new run')
  }
  const sawPrivate = plan.privacy !== null && (await ledger.seenRuns()).has(runId)
  // A run from before the ledger has no project.
  const isKnown = plan.privacy !== null && (await ledger.entries()).has(runId)
  const project = isKnown ? await ledger.project(runId, others) : undefined
  return await makeRelease({ plan, prompt: state.prompt, student, sawPrivate, project })
}
