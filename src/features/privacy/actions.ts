import { SoftpostError, toReport } from '../../../workers/protocol/errors.ts'
import type { TuningRequest } from '../../../workers/protocol/tuning.ts'
import { tuner } from '../../engine/bridge.ts'
import { isTuning, useRuns } from '../../engine/runs.ts'
import { hasTask, useData } from '../data/store.ts'
import { type KnobId, NO_KNOBS } from './knobIds.ts'
import { type PrivacyChoice, requestOf } from './knobs.ts'
import { type PrivacyState, usePrivacy } from './store.ts'

/** Long enough for a hand on the slider, or on the keyboard, to come to rest. */
const SETTLE_MS = 350
let settling: ReturnType<typeof setTimeout> | null = null

export function choose(choice: PrivacyChoice): void {
  change({ choice })
}

export function setEpsilon(epsilon: number): void {
  change({ epsilon })
}

export function setKnob(id: KnobId, value: string): void {
  change({ knobs: { ...usePrivacy.getState().knobs, [id]: value } })
}

export function clearKnobs(): void {
  change({ knobs: NO_KNOBS })
}

function change(settings: Partial<Pick<PrivacyState, 'choice' | 'epsilon' | 'knobs'>>): void {
  usePrivacy.setState({ ...settings, status: 'stale', error: null })
  if (settling !== null) clearTimeout(settling)
  settling = setTimeout(() => void makePlan(), SETTLE_MS)
}

/** How often it is looked whether the device can be measured by now. */
const LOOK_MS = 1_000

let planning: AbortController | null = null

/**
 * Plans with the settings as they are, then finds out how long that takes here: nobody has to wait for it. A newer call
 * takes the place of an older one. Never throws.
 */
export async function makePlan(): Promise<void> {
  planning?.abort()
  const controller = new AbortController()
  planning = controller
  usePrivacy.setState({ status: 'planning', error: null })
  const request = currentRequest()
  try {
    const report = await tuner.plan(request, controller.signal)
    if (planning !== controller) return
    usePrivacy.setState({ status: 'planned', report })
    if (report.seconds === null) await measure(request, controller)
  } catch (error) {
    fail(controller, error)
  }
}

/** A plan that was not waited for any more has failed nobody. */
function fail(controller: AbortController, error: unknown): void {
  if (planning === controller) usePrivacy.setState({ status: 'failed', report: null, error: toReport(error) })
}

/** What a measurement is under way for. */
let measuring: AbortController | null = null

/** Where a run or something else keeps the device busy the plan stays as it is; see {@link measureWhenIdle}. */
async function measure(request: TuningRequest, controller: AbortController): Promise<void> {
  measuring = controller
  try {
    const report = await tuner.measure(request, controller.signal)
    if (planning === controller) usePrivacy.setState({ report })
  } catch (error) {
    if (!(error instanceof SoftpostError && error.code === 'busy')) throw error
  } finally {
    if (measuring === controller) measuring = null
  }
}

/** While a plan is on show: what could not be measured when it was made is, once nothing is at work. The result ends it. */
export function measureWhenIdle(): () => void {
  const looking = setInterval(() => void measureIfIdle(), LOOK_MS)
  return () => clearInterval(looking)
}

async function measureIfIdle(): Promise<void> {
  const controller = planning
  if (controller === null || measuring === controller || isTuning(useRuns.getState())) return
  const { status, report } = usePrivacy.getState()
  if (status !== 'planned' || report?.seconds !== null) return
  try {
    await measure(currentRequest(), controller)
  } catch (error) {
    fail(controller, error)
  }
}

/** The same plan with what its rows have spent by now. Where that cannot be had, the one that is shown stands. */
export async function refreshPlan(): Promise<void> {
  const { status, report } = usePrivacy.getState()
  if (status !== 'planned') return
  const again = await tuner.plan(currentRequest()).catch(() => null)
  const now = usePrivacy.getState()
  if (again !== null && now.status === 'planned' && now.report === report) usePrivacy.setState({ report: again })
}

function currentRequest(): TuningRequest {
  const { choice, epsilon, knobs } = usePrivacy.getState()
  const { taskReport, report: file } = useData.getState()
  const hasPersons = (file?.personColumn ?? null) !== null
  return requestOf({ choice, epsilon, knobs, rows: taskReport?.rowsUsed ?? 0, hasPersons })
}

/** Another file or another task makes a plan void; what the next one takes to work out is begun at once. */
export function followTask(): () => void {
  return useData.subscribe((now, before) => {
    if (now.taskReport === before.taskReport && hasTask(now) === hasTask(before)) return
    planning?.abort()
    planning = null
    usePrivacy.setState({ status: hasTask(now) ? 'stale' : 'none', report: null, error: null })
    // The worker keeps what it finds. What goes wrong is met again, and shown, where the plan is asked for.
    if (hasTask(now)) tuner.measure(currentRequest()).catch(() => undefined)
  })
}
