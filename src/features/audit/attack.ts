/** The attack on a run's prompt, as the page follows it. Its figures are private: they live in this tab's memory alone. */
import { create } from 'zustand'
import type { AttackReport, AuditProgress } from '../../../workers/protocol/audit.ts'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import { tuner } from '../../engine/bridge.ts'
import { refreshRuns } from '../../engine/runs.ts'

export type Attack =
  | { readonly status: 'idle' }
  | { readonly status: 'working' | 'stopping'; readonly runId: string; readonly share: number }
  | { readonly status: 'done'; readonly runId: string; readonly report: AttackReport }
  | { readonly status: 'failed'; readonly runId: string; readonly error: ErrorReport }

export const useAttack = create<{ readonly attack: Attack }>(() => ({ attack: { status: 'idle' } }))

const show = (attack: Attack) => useAttack.setState({ attack })

let control: MessagePort | null = null

/** Never throws: an error stands in the store. */
export async function startAttack(runId: string): Promise<void> {
  if (control !== null) return
  const { port1, port2 } = new MessageChannel()
  control = port1
  show({ status: 'working', runId, share: 0 })
  port1.onmessage = ({ data }: MessageEvent<AuditProgress>) => {
    if (useAttack.getState().attack.status === 'working') show({ status: 'working', runId, ...data })
  }
  try {
    show({ status: 'done', runId, report: await tuner.attack(runId, port2) })
    // The seal on its rows is lifted now.
    await refreshRuns()
  } catch (error) {
    const report = toReport(error)
    show(report.code === 'cancelled' ? { status: 'idle' } : { status: 'failed', runId, error: report })
  } finally {
    control = null
    port1.close()
  }
}

export function stopAttack(): void {
  const { attack } = useAttack.getState()
  if (attack.status !== 'working') return
  show({ ...attack, status: 'stopping' })
  control?.postMessage('stop')
}
