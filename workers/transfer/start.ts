/** Where the teacher's prompt starts from. */
import type { Engine } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { assertNever, SoftpostError } from '../protocol/errors.ts'
import type { StartChoice } from './plan.ts'

export type StartRequest = {
  readonly engine: Engine
  readonly choice: StartChoice
  /** ps. */
  readonly sourcePrompt: SoftPrompt
  /** Tokens of the task's initial text, as many as ps has rows. */
  readonly initIds: readonly number[]
  /** d of the teacher. */
  readonly teacherWidth: number
  /** Public loss of a prompt of the teacher. */
  readonly lossOf: (prompt: SoftPrompt) => Promise<number>
}

/**
 * @throws SoftpostError `prompt-mismatch` when ps is to be the start and its width is not the teacher's.
 */
export async function chooseStart(request: StartRequest): Promise<SoftPrompt> {
  const { choice } = request
  switch (choice) {
    case 'text':
      return await textStart(request)
    case 'student':
      return studentStart(request)
    case 'auto':
      return await betterStart(request)
    default:
      return assertNever(choice)
  }
}

async function textStart({ engine, initIds, teacherWidth }: StartRequest): Promise<SoftPrompt> {
  const values = await engine.embed('teacher', initIds)
  return { values, length: initIds.length, width: teacherWidth }
}

function studentStart({ sourcePrompt, teacherWidth }: StartRequest): SoftPrompt {
  if (sourcePrompt.width !== teacherWidth) {
    throw new SoftpostError(
      'prompt-mismatch',
      `the student's prompt has width ${sourcePrompt.width}, the teacher ${teacherWidth}; it cannot be the start, use --init text`,
    )
  }
  return { ...sourcePrompt, values: sourcePrompt.values.slice() }
}

async function betterStart(request: StartRequest): Promise<SoftPrompt> {
  const text = await textStart(request)
  if (request.sourcePrompt.width !== request.teacherWidth) return text
  const student = studentStart(request)
  return (await request.lossOf(student)) < (await request.lossOf(text)) ? student : text
}
