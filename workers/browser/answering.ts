/** What the student says of texts, with a prompt or without: classes, or texts of its own. */
import { scoreClasses, toPredictions } from '../evaluate/classify.ts'
import { writeTexts } from '../evaluate/writeTexts.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { Answer } from '../protocol/answer.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { answerForm } from '../task/answers.ts'
import { createEncoder } from '../task/encoder.ts'
import type { Labels, Student } from './workspace.ts'

/** What a run's prompt answers, and how; without a prompt the open task is asked for. */
export type Answering = Labels & { readonly prompt: SoftPrompt | null }

/** One answer a text. Errors: `text-too-long`. */
export async function answerTexts(
  { engine, report, tokenizer }: Student,
  { task, labelTokens, prompt }: Answering,
  texts: readonly string[],
): Promise<Answer[]> {
  const { contextLength } = report
  const encoder = createEncoder({ task, tokenizer, contextLength, promptLength: prompt?.length ?? 0 })
  const asked = { engine, slot: 'student', prompt, examples: texts.map((text) => encoder.encode(text)) } as const
  if (task.kind === 'extract') {
    const answers: Answer[] = []
    for await (const answer of writeTexts({ ...asked, form: answerForm(task, tokenizer), tokenizer }))
      answers.push(answer)
    return answers
  }
  if (labelTokens === null) throw new SoftpostError('internal', 'answerTexts: a task of classes without label words')
  return toPredictions(task, await scoreClasses({ ...asked, labelTokens }))
}
