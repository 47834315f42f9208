/**
 * A process that answers with the length of each text, as a class or, to an extract task, as a text; the text "die" kills
 * it, "hang" blocks it, "fail" is an error.
 */
import { existsSync } from 'node:fs'
import { classNames } from '../../../workers/protocol/task.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { AnswerWork } from '../../../workers/host/work/childClassifier.ts'
import { serveCalls } from '../../../workers/host/work/childHarness.ts'

serveCalls(async (body, onProgress) => {
  const work = body as AnswerWork
  if (work.task.kind === 'extract') return writeLengths(work, onProgress)
  if (work.texts.includes('die')) process.kill(process.pid, 'SIGKILL')
  while (work.texts.includes('hang')) Math.sqrt(2)
  if (work.promptDir !== null && !existsSync(work.promptDir)) {
    throw new SoftpostError('model-missing-file', 'the prompt is not there')
  }
  const [first = '', second = ''] = classNames(work.task)
  return await Promise.resolve(
    work.texts.map((text) => {
      const probability = 1 / (1 + text.length)
      return {
        label: probability >= 0.5 ? first : second,
        probabilities: [
          { label: first, probability },
          { label: second, probability: 1 - probability },
        ],
      }
    }),
  )
})

function writeLengths({ texts }: AnswerWork, onProgress: (value: unknown) => void): null {
  for (const text of texts) {
    if (text === 'die') process.kill(process.pid, 'SIGKILL')
    if (text === 'fail') throw new SoftpostError('out-of-memory', 'there is no memory left')
    const answer = String(text.length)
    onProgress({ answer, tokens: [{ text: ` ${answer}`, probability: 0.5 }], ended: true })
  }
  return null
}
