/** The attack of the demonstration: made-up rows against the noise of each strength, in the worker, while the room watches. */
import { create } from 'zustand'
import type { AuditProgress, CanaryAuditReport } from '../../../workers/protocol/audit.ts'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import { tuner } from '../../engine/bridge.ts'
import { MEASURED } from './measured.ts'

export type Attack = {
  readonly status: 'idle' | 'working' | 'done' | 'failed'
  /** From 0 to 1, over all strengths. */
  readonly share: number
  /** What was found, by ε. */
  readonly found: Readonly<Record<number, CanaryAuditReport>>
  readonly error: ErrorReport | null
}

export const useAttack = create<Attack>(() => ({ status: 'idle', share: 0, found: {}, error: null }))

/** Attacks every strength that has noise. Never throws: an error stands in the store. */
export async function attackAll(): Promise<void> {
  if (useAttack.getState().status === 'working') return
  useAttack.setState({ status: 'working', share: 0, found: {}, error: null })
  const strengths = MEASURED.flatMap(({ epsilon, mechanism }) =>
    epsilon === null || mechanism === null ? [] : [{ epsilon, mechanism }],
  )
  try {
    for (const [place, { epsilon, mechanism }] of strengths.entries()) {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }: MessageEvent<AuditProgress>) =>
        useAttack.setState({ share: (place + data.share) / strengths.length })
      try {
        const { canaries } = await tuner.testNoise(mechanism, port2)
        useAttack.setState(({ found }) => ({ found: { ...found, [epsilon]: canaries } }))
      } finally {
        port1.close()
      }
    }
    useAttack.setState({ status: 'done' })
  } catch (error) {
    useAttack.setState({ status: 'failed', error: toReport(error) })
  }
}
