/** Starting, pausing, going on with and stopping a run. None of these throws: an error stands in the store. */
import { SoftpostError, toReport } from '../../../workers/protocol/errors.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { tuner } from '../../engine/bridge.ts'
import { askForLastingStorage } from '../../engine/lasting.ts'
import { refreshRuns } from '../../engine/runs.ts'
import { loadStudentOf } from '../model/actions.ts'
import { useModel } from '../model/store.ts'
import { type TuneState, useTune } from './store.ts'

export async function startRun(plan: TuningPlan): Promise<void> {
  await ask('starting', async () => {
    // The person may be asked; the run does not wait for it, sending does.
    void askForLastingStorage().catch(() => false)
    const { runId } = await tuner.start(plan)
    await refreshRuns()
    useTune.setState({ runId })
  })
}

export async function pauseRun(runId: string): Promise<void> {
  await ask('pausing', () => tuner.pause(runId))
}

/** After a reload the model is to be loaded first; rows and plan come from the stored run. */
export async function resumeRun(runId: string): Promise<void> {
  await ask('resuming', async () => {
    await loadStudentOf(runId)
    const { status, error } = useModel.getState()
    if (status !== 'ready') {
      throw new SoftpostError(
        error?.code ?? 'cancelled',
        error?.message ?? 'the model was not loaded; load it to go on',
      )
    }
    await tuner.resume(runId)
    await refreshRuns()
  })
}

export async function stopRun(runId: string): Promise<void> {
  await ask('stopping', async () => {
    await tuner.stop(runId)
    await refreshRuns()
  })
}

/** Takes the run's other prompt in the place of the one it has. */
export async function exchangePrompt(runId: string): Promise<void> {
  await ask('exchanging', async () => {
    await tuner.exchangePrompt(runId)
    await refreshRuns()
  })
}

async function ask(request: TuneState['request'], work: () => Promise<void>): Promise<void> {
  useTune.setState({ request, error: null })
  try {
    await work()
    useTune.setState({ request: 'none' })
  } catch (error) {
    useTune.setState({ request: 'none', error: toReport(error) })
  }
}
