/** One cell of an evaluation, through the same code as tuning, transfer and classification. */
import type { SoftPrompt } from '../../prompt/softPrompt.ts'
import { classNames } from '../../protocol/task.ts'
import { assertNever } from '../../protocol/errors.ts'
import type { ModelReport } from '../../protocol/tuner.ts'
import { createEncoder } from '../../task/encoder.ts'
import { startPrompt } from '../../tune/prompt.ts'
import { scoreClasses } from '../classify.ts'
import { measure, predictClasses, type Scores } from '../metrics.ts'
import { attackPrompt, attackTraining } from './attacks.ts'
import { isLeakage, promptKey, type Cell } from './cells.ts'
import { passCost, spent } from './cost.ts'
import { move } from './moves.ts'
import { meanLength, planOf, promptOf } from './prompts.ts'
import type { CellResult, StudyData, StudyGround } from './types.ts'

export async function runCell(ground: StudyGround, cell: Cell): Promise<CellResult> {
  if (isLeakage(cell.method)) return await attackTraining(ground, cell)
  const data = await ground.data(cell.task)
  if (cell.method === 'membership') return await attackPrompt(ground, cell, data)
  const key = promptKey(cell)
  const tuned = key === null ? null : await promptOf(ground, key, data)
  const moved = tuned ? await move(ground, cell, { data, source: tuned.prompt }) : null
  const stop = spent()
  const measured = await scoresOf(ground, cell, { data, prompt: moved?.prompt ?? tuned?.prompt ?? null })
  const labels = data.test.map(({ classIndex }) => classIndex)
  const { n, accuracy, macroF1, recall } = measure(labels, predictClasses(measured.scores), measured.scores.classes)
  return {
    cell,
    backend: ground.engine.report.backend,
    attack: null,
    n,
    accuracy,
    macroF1,
    recall: Object.fromEntries(classNames(data.task).map((label, k) => [label, recall[k] ?? null])),
    epsilon: tuned?.epsilon ?? null,
    alpha: moved?.alpha ?? null,
    publicLoss: moved?.lossAfter ?? null,
    cost: { tune: tuned?.cost ?? null, transfer: moved?.cost ?? null, measure: stop(measured.flops) },
  }
}

type Measured = { readonly scores: Scores; readonly flops: number }
type Asked = { readonly data: StudyData; readonly prompt: SoftPrompt | null }

/** Class scores of the test rows. */
async function scoresOf(ground: StudyGround, cell: Cell, asked: Asked): Promise<Measured> {
  const { method, student, settings } = cell
  const ofStudent = async (prompt: SoftPrompt | null): Promise<Measured> =>
    await score(ground, await ground.load('student', { student: student ?? '' }), { ...asked, prompt, slot: 'student' })
  const ofTeacher = async (prompt: SoftPrompt | null): Promise<Measured> =>
    await score(ground, await ground.load('teacher', 'teacher'), { ...asked, prompt, slot: 'teacher' })
  switch (method) {
    case 'zero-shot':
      return await ofTeacher(null)
    case 'zero-shot-text':
      return await ofTeacher(await textPrompt(ground, asked.data, planOf({ epsilon: null, settings }, asked.data)))
    case 'student-zero-shot':
      return await ofStudent(null)
    case 'compressed':
      return await ofStudent(asked.prompt)
    case 'full':
    case 'direct':
    case 'zero-shot-transfer':
    case 'post':
      return await ofTeacher(asked.prompt)
    case 'arithmetic':
      return combined(await ofTeacher(null), await ofStudent(asked.prompt), await ofStudent(null))
    case 'membership':
    case 'teacher-leakage':
    case 'student-leakage':
      throw new Error('an attack has no scores')
    default:
      return assertNever(method)
  }
}

type Scored = Asked & { readonly slot: 'student' | 'teacher' }

async function score(ground: StudyGround, report: ModelReport, { data, prompt, slot }: Scored): Promise<Measured> {
  const { task, labelTokens, test } = data
  const promptLength = prompt?.length ?? 0
  const encoder = createEncoder({
    task,
    tokenizer: ground.tokenizer,
    contextLength: report.contextLength,
    promptLength,
  })
  const examples = test.map(({ text }) => encoder.encode(text))
  const scores = await scoreClasses({
    engine: ground.engine,
    slot,
    prompt,
    labelTokens,
    examples,
    onProgress: (done) => ground.onProgress(`measuring, row ${done} of ${examples.length}`),
  })
  const tokens = examples.length * meanLength(examples.map(({ ids }) => ids.length)) + promptLength
  return { scores, flops: passCost(report, { tokens, backward: false }) }
}

/** z_t(x) + z_s(ps+x) − z_s(x): class scores are means of logits, so the same holds for them. */
function combined(teacher: Measured, prompted: Measured, plain: Measured): Measured {
  const [a, b] = [prompted.scores.values, plain.scores.values]
  const values = teacher.scores.values.map((value, at) => value + (a[at] ?? Number.NaN) - (b[at] ?? Number.NaN))
  return {
    scores: { values, classes: teacher.scores.classes },
    flops: teacher.flops + prompted.flops + plain.flops,
  }
}

async function textPrompt(
  ground: StudyGround,
  { task }: StudyData,
  { promptLength }: { readonly promptLength: number },
): Promise<SoftPrompt> {
  const { engine, tokenizer } = ground
  // A prompt is embedded by the model in the student's slot.
  const { contextLength, vocabulary, width } = await ground.load('student', 'teacher')
  const encoder = createEncoder({ task, tokenizer, contextLength, promptLength })
  const values = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
  return { values, length: promptLength, width }
}
