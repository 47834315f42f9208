/** What was typed on the Try step and what the small model said. Stays on this device and in this tab. */
import { create } from 'zustand'
import { tuner } from '../../engine/bridge.ts'
import { type ErrorReport, toReport } from '../../../workers/protocol/errors.ts'
import type { Answer } from '../../../workers/protocol/answer.ts'

export type TryAnswer =
  | { readonly status: 'idle' }
  | { readonly status: 'asking'; readonly runId: string }
  | {
      readonly status: 'answered'
      readonly runId: string
      readonly text: string
      readonly tuned: Answer
      readonly plain: Answer
    }
  | { readonly status: 'failed'; readonly runId: string; readonly error: ErrorReport }

type TryState = { readonly text: string; readonly answer: TryAnswer }

export const useTry = create<TryState>(() => ({ text: '', answer: { status: 'idle' } }))

export function setText(text: string): void {
  useTry.setState({ text })
}

/** Never throws: an error stands in the store. */
export async function ask(runId: string): Promise<void> {
  const { text, answer } = useTry.getState()
  if (answer.status === 'asking' || text.trim() === '') return
  useTry.setState({ answer: { status: 'asking', runId } })
  try {
    const tuned = await tuner.predict(runId, text)
    const plain = await tuner.predict(runId, text, true)
    useTry.setState({ answer: { status: 'answered', runId, text, tuned, plain } })
  } catch (error) {
    useTry.setState({ answer: { status: 'failed', runId, error: toReport(error) } })
  }
}
