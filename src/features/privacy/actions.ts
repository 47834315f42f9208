import { toReport } from '../../../workers/protocol/errors.ts'
import { tuner } from '../../engine/bridge.ts'
import { hasTask, useData } from '../data/store.ts'
import { type KnobId, NO_KNOBS, type PrivacyChoice, requestOf } from './knobs.ts'
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

let planning: AbortController | null = null

/** Plans with the settings as they are; a newer call takes the place of an older one. Never throws. */
export async function makePlan(): Promise<void> {
  planning?.abort()
  const controller = new AbortController()
  planning = controller
  const { choice, epsilon, knobs } = usePrivacy.getState()
  usePrivacy.setState({ status: 'planning', error: null })
  try {
    const { taskReport, report: file } = useData.getState()
    const hasPersons = (file?.personColumn ?? null) !== null
    const rows = taskReport?.rowsUsed ?? 0
    const report = await tuner.plan(requestOf({ choice, epsilon, knobs, rows, hasPersons }), controller.signal)
    if (planning === controller) usePrivacy.setState({ status: 'planned', report })
  } catch (error) {
    if (planning === controller) usePrivacy.setState({ status: 'failed', report: null, error: toReport(error) })
  }
}

/** Another file or another task makes a plan void. */
export function followTask(): () => void {
  return useData.subscribe((now, before) => {
    if (now.taskReport === before.taskReport && hasTask(now) === hasTask(before)) return
    planning?.abort()
    planning = null
    usePrivacy.setState({ status: hasTask(now) ? 'stale' : 'none', report: null, error: null })
  })
}
