/** Answers many texts with the large model, request by request. They leave the device: the person has agreed to that. */
import { SoftpostError } from '../../workers/protocol/errors.ts'
import type { Answer } from '../../workers/protocol/answer.ts'
import { classify, generate } from './api.ts'
import { wait } from './watch.ts'

/** What one request of the API takes (docs/api.md). */
export const LONGEST_TEXT = 20_000

/** Few enough that progress moves and that one lost request costs little; answers that are texts take longer. */
const TEXTS_PER_REQUEST = { classes: 64, texts: 16 } as const

/** Times that a request is made again where the host is busy or away for a moment. */
const TRIES = 4
const PAUSE_MS = 2_000

export type ClassifyAll = {
  readonly jobId: string
  readonly answers: 'classes' | 'texts'
  readonly signal: AbortSignal
  readonly onProgress: (textsDone: number) => void
  /** Tests give their own. */
  readonly ask?: (jobId: string, texts: readonly string[], signal: AbortSignal) => Promise<readonly Answer[]>
  readonly pause?: typeof wait
}

/**
 * One answer a text; null for an empty one, which is not sent.
 * @throws SoftpostError `too-large` before anything is sent, if a text is too long; else as the host says.
 */
export async function classifyAll(
  texts: readonly string[],
  { jobId, answers, signal, onProgress, ask = answers === 'texts' ? generate : classify, pause = wait }: ClassifyAll,
): Promise<(Answer | null)[]> {
  const tooLong = texts.filter((text) => text.length > LONGEST_TEXT).length
  if (tooLong > 0) {
    throw new SoftpostError('too-large', `${tooLong} texts have more than ${LONGEST_TEXT} characters; shorten them`, {
      data: { tooLong, limit: LONGEST_TEXT },
    })
  }
  const size = TEXTS_PER_REQUEST[answers]
  const given: (Answer | null)[] = texts.map(() => null)
  const filled = texts.flatMap((text, row) => (text === '' ? [] : [row]))
  for (let start = 0; start < filled.length; start += size) {
    onProgress(start)
    const rows = filled.slice(start, start + size)
    const part = rows.map((row) => texts[row] ?? '')
    const some = await withPatience(() => ask(jobId, part, signal), pause, signal)
    for (const [at, row] of rows.entries()) given[row] = some[at] ?? null
  }
  onProgress(filled.length)
  return given
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
