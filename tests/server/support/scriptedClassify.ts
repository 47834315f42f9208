/** A classify process that answers with the length of each text; the text "die" kills it, "hang" blocks it. */
import { existsSync } from 'node:fs'
import { classNames } from '../../../workers/protocol/task.ts'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import type { ClassifyWork } from '../../../workers/host/work/childClassifier.ts'
import { serveCalls } from '../../../workers/host/work/childHarness.ts'

serveCalls(async (body) => {
  const work = body as ClassifyWork
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
