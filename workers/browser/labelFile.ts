/** Labels a whole file with the student, part by part, so that progress shows and a wish to stop is heard. */
import { scoreClasses, toPredictions } from '../evaluate/classify.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { SoftpostError } from '../protocol/errors.ts'
import type { LabelProgress, Prediction } from '../protocol/tuner.ts'
import type { OpenTask, Workspace } from './workspace.ts'

/** Rows between two reports: a second or so on a slow device. */
const ROWS_PER_PART = 128

export type Labelling = {
  readonly workspace: Workspace
  readonly labels: Pick<OpenTask, 'task' | 'labelTokens'>
  readonly prompt: SoftPrompt | null
  /** Told how far it is; any message to it stops the work. */
  readonly control: MessagePort
}

/**
 * One prediction a text; null for an empty one.
 * @throws SoftpostError `cancelled` when stopped.
 */
export async function labelTexts(
  texts: readonly string[],
  { workspace, labels, prompt, control }: Labelling,
): Promise<(Prediction | null)[]> {
  const { task, labelTokens } = labels
  const encoder = workspace.encoder(task, prompt?.length ?? 0)
  const { engine } = workspace.student
  const filled = texts.flatMap((text, row) => (text === '' ? [] : [row]))
  const predictions: (Prediction | null)[] = texts.map(() => null)
  let stopped = false
  control.onmessage = () => {
    stopped = true
  }
  try {
    for (let start = 0; start < filled.length; start += ROWS_PER_PART) {
      control.postMessage({ rowsDone: start, rows: filled.length } satisfies LabelProgress)
      const part = filled.slice(start, start + ROWS_PER_PART)
      const examples = part.map((row) => encoder.encode(texts[row] ?? ''))
      const scores = await scoreClasses({ engine, slot: 'student', prompt, labelTokens, examples })
      for (const [at, prediction] of toPredictions(task, scores).entries()) predictions[part[at] ?? 0] = prediction
      // A turn of the event loop, so that the message to stop is heard on the fastest device too.
      await new Promise((resolve) => setTimeout(resolve))
      if (stopped) throw new SoftpostError('cancelled', 'labelling was stopped; nothing was changed')
    }
    return predictions
  } finally {
    control.close()
  }
}
