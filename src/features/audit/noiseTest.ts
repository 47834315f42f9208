/** The test of the noise, as the page follows it. */
import { create } from 'zustand'
import type { AuditProgress, NoiseTest } from '../../../workers/protocol/audit.ts'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import type { TuningPlan } from '../../../workers/protocol/tuning.ts'
import { tuner } from '../../engine/bridge.ts'

export type NoiseTesting =
  | { readonly status: 'idle' }
  | { readonly status: 'working' | 'stopping'; readonly share: number }
  | { readonly status: 'done'; readonly result: NoiseTest }
  | { readonly status: 'failed'; readonly error: ErrorReport }

export const useNoiseTest = create<{ readonly testing: NoiseTesting }>(() => ({ testing: { status: 'idle' } }))

const show = (testing: NoiseTesting) => useNoiseTest.setState({ testing })

let control: MessagePort | null = null

/** Tests with the numbers of a private plan. Never throws: an error stands in the store. */
export async function testNoise({ sampleRate, steps, privacy }: TuningPlan): Promise<void> {
  if (privacy === null || control !== null) return
  const { port1, port2 } = new MessageChannel()
  control = port1
  show({ status: 'working', share: 0 })
  port1.onmessage = ({ data }: MessageEvent<AuditProgress>) => {
    if (useNoiseTest.getState().testing.status === 'working') show({ status: 'working', ...data })
  }
  try {
    const { sigma, delta } = privacy
    show({ status: 'done', result: await tuner.testNoise({ sampleRate, steps, sigma, delta }, port2) })
  } catch (error) {
    const report = toReport(error)
    show(report.code === 'cancelled' ? { status: 'idle' } : { status: 'failed', error: report })
  } finally {
    control = null
    port1.close()
  }
}

export function stopNoiseTest(): void {
  const { testing } = useNoiseTest.getState()
  if (testing.status !== 'working') return
  show({ ...testing, status: 'stopping' })
  control?.postMessage('stop')
}
