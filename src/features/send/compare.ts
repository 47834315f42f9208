/** One typed text before both models. The large model's answer is asked for by a button that says what it means. */
import { create } from 'zustand'
import { type ErrorReport, SoftpostError, toReport } from '../../../workers/protocol/errors.ts'
import { isText, type Answer } from '../../../workers/protocol/answer.ts'
import { classify, generate } from '../../engine/api.ts'
import { tuner } from '../../engine/bridge.ts'

export type Comparison =
  | { readonly status: 'idle' }
  | { readonly status: 'asking'; readonly jobId: string }
  | { readonly status: 'answered'; readonly jobId: string; readonly small: Answer; readonly large: Answer }
  | { readonly status: 'failed'; readonly jobId: string; readonly error: ErrorReport }

type CompareState = { readonly text: string; readonly comparison: Comparison }

export const useCompare = create<CompareState>(() => ({ text: '', comparison: { status: 'idle' } }))

export function setCompareText(text: string): void {
  useCompare.setState({ text })
}

/** Here first: where that fails, the text has not left. Never throws: an error stands in the store. */
export async function compare({ runId, jobId }: { readonly runId: string; readonly jobId: string }): Promise<void> {
  const { text, comparison } = useCompare.getState()
  if (comparison.status === 'asking' || text.trim() === '') return
  useCompare.setState({ comparison: { status: 'asking', jobId } })
  try {
    const small = await tuner.predict(runId, text)
    const ask = isText(small) ? generate : classify
    const [large] = await ask(jobId, [text])
    if (large === undefined) throw new SoftpostError('internal', 'the host gave no answer; ask again')
    useCompare.setState({ comparison: { status: 'answered', jobId, small, large } })
  } catch (error) {
    useCompare.setState({ comparison: { status: 'failed', jobId, error: toReport(error) } })
  }
}
