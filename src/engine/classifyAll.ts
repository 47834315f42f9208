/** Labels many texts with the large model, request by request. They leave the device: the person has agreed to that. */
import { SoftpostError } from '../../workers/protocol/errors.ts'
import type { Prediction } from '../../workers/protocol/tuner.ts'
import { classify } from './api.ts'
import { wait } from './watch.ts'

/** What one request of the API takes (docs/api.md). */
export const LONGEST_TEXT = 20_000

/** Few enough that progress moves and that one lost request costs little. */
const TEXTS_PER_REQUEST = 64

/** Times that a request is made again where the host is busy or away for a moment. */
const TRIES = 4
const PAUSE_MS = 2_000

export type ClassifyAll = {
  readonly jobId: string
  readonly signal: AbortSignal
  readonly onProgress: (textsDone: number) => void
  /** Tests give their own. */
  readonly ask?: (jobId: string, texts: readonly string[], signal: AbortSignal) => Promise<readonly Prediction[]>
  readonly pause?: typeof wait
}

/**
 * One prediction a text; null for an empty one, which is not sent.
 * @throws SoftpostError `too-large` before anything is sent, if a text is too long; else as the host says.
 */
export async function classifyAll(
  texts: readonly string[],
  { jobId, signal, onProgress, ask = classify, pause = wait }: ClassifyAll,
): Promise<(Prediction | null)[]> {
  const tooLong = texts.filter((text) => text.length > LONGEST_TEXT).length
  if (tooLong > 0) {
    throw new SoftpostError('too-large', `${tooLong} texts have more than ${LONGEST_TEXT} characters; shorten them`, {
      data: { tooLong, limit: LONGEST_TEXT },
    })
  }
  const predictions: (Prediction | null)[] = texts.map(() => null)
  const filled = texts.flatMap((text, row) => (text === '' ? [] : [row]))
  for (let start = 0; start < filled.length; start += TEXTS_PER_REQUEST) {
    onProgress(start)
    const rows = filled.slice(start, start + TEXTS_PER_REQUEST)
    const part = rows.map((row) => texts[row] ?? '')
    const answers = await withPatience(() => ask(jobId, part, signal), pause, signal)
    for (const [at, row] of rows.entries()) predictions[row] = answers[at] ?? null
  }
  onProgress(filled.length)
  return predictions
}

async function withPatience<T>(ask: () => Promise<T>, pause: typeof wait, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      const passes = error instanceof SoftpostError && (error.code === 'busy' || error.code === 'network')
      if (!passes || tries === TRIES) throw error
      const asked = error.data['retrySeconds']
      await pause(typeof asked === 'number' ? asked * 1_000 : PAUSE_MS * tries, signal)
    }
  }
}
