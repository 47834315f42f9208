/** One cell of an evaluation, through the same code as tuning, transfer and classification. */
import type { SoftPrompt } from '../../prompt/softPrompt.ts'
import { classNames } from '../../protocol/task.ts'
import { assertNever } from '../../protocol/errors.ts'
import type { ModelReport } from '../../protocol/tuner.ts'
import { createEncoder } from '../../task/encoder.ts'
import type { Encoded } from '../../task/types.ts'
import { startPrompt } from '../../tune/prompt.ts'
import { scoreClasses } from '../classify.ts'
import { measure, predictClasses, type Scores } from '../metrics.ts'
import { measureTexts } from '../textMetrics.ts'
import { writeTexts } from '../writeTexts.ts'
import { attackPrompt, attackTraining } from './attacks.ts'
import { isLeakage, promptKey, type Cell } from './cells.ts'
import { passCost, spent } from './cost.ts'
import { move } from './moves.ts'
import { needsClasses } from './needsClasses.ts'
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
  const { flops, ...figures } = await figuresOf(ground, cell, {
    data,
    prompt: moved?.prompt ?? tuned?.prompt ?? null,
  })
  return {
    cell,
    backend: ground.engine.report.backend,
    attack: null,
    n: data.test.length,
    ...figures,
    epsilon: tuned?.epsilon ?? null,
    alpha: moved?.alpha ?? null,
    publicLoss: moved?.lossAfter ?? null,
    cost: { tune: tuned?.cost ?? null, transfer: moved?.cost ?? null, measure: stop(flops) },
  }
}

type Asked = { readonly data: StudyData; readonly prompt: SoftPrompt | null }
type Figures = Pick<CellResult, 'accuracy' | 'macroF1' | 'recall' | 'texts'> & { readonly flops: number }

async function figuresOf(ground: StudyGround, cell: Cell, asked: Asked): Promise<Figures> {
  const { task, test } = asked.data
  if (task.kind === 'extract') {
    const { texts, flops } = await askedOf(ground, cell, asked, {
      ask: write,
      combine: () => {
        throw needsClasses('arithmetic')
      },
    })
    return { accuracy: null, macroF1: null, recall: null, texts, flops }
  }
  const { scores, flops } = await askedOf(ground, cell, asked, { ask: score, combine: combined })
  const labels = test.map(({ classIndex }) => classIndex)
  const { accuracy, macroF1, recall } = measure(labels, predictClasses(scores), scores.classes)
  const names = classNames(task)
  return { accuracy, macroF1, recall: Object.fromEntries(names.map((label, k) => [label, recall[k] ?? null])), flops }
}

type Subject = Asked & { readonly slot: 'student' | 'teacher' }
type Way<T> = {
  readonly ask: (ground: StudyGround, report: ModelReport, subject: Subject) => Promise<T>
  /** z_t(x) + z_s(ps+x) − z_s(x). */
  readonly combine: (teacher: T, prompted: T, plain: T) => T
}

/** What the method's model says of the test rows. */
async function askedOf<T>(ground: StudyGround, cell: Cell, asked: Asked, { ask, combine }: Way<T>): Promise<T> {
  const { method, student, settings } = cell
  const ofStudent = async (prompt: SoftPrompt | null): Promise<T> =>
    await ask(ground, await ground.load('student', { student: student ?? '' }), { ...asked, prompt, slot: 'student' })
  const ofTeacher = async (prompt: SoftPrompt | null): Promise<T> =>
    await ask(ground, await ground.load('teacher', 'teacher'), { ...asked, prompt, slot: 'teacher' })
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
      return combine(await ofTeacher(null), await ofStudent(asked.prompt), await ofStudent(null))
    case 'membership':
    case 'teacher-leakage':
    case 'student-leakage':
      throw new Error('an attack has no scores')
    default:
      return assertNever(method)
  }
}

function encoded({ tokenizer }: StudyGround, { contextLength }: ModelReport, { data, prompt }: Asked): Encoded[] {
  const encoder = createEncoder({ task: data.task, tokenizer, contextLength, promptLength: prompt?.length ?? 0 })
  return data.test.map(({ text }) => encoder.encode(text))
}

function flopsOf(report: ModelReport, examples: readonly Encoded[], prompt: SoftPrompt | null): number {
  const tokens = examples.length * meanLength(examples.map(({ ids }) => ids.length)) + (prompt?.length ?? 0)
  return passCost(report, { tokens, backward: false })
}

type Scored = { readonly scores: Scores; readonly flops: number }

async function score(ground: StudyGround, report: ModelReport, subject: Subject): Promise<Scored> {
  const { data, prompt, slot } = subject
  const examples = encoded(ground, report, subject)
  if (data.labelTokens === null) throw new Error('score: a task without classes')
  const scores = await scoreClasses({
    engine: ground.engine,
    slot,
    prompt,
    labelTokens: data.labelTokens,
    examples,
    onProgress: (done) => ground.onProgress(`measuring, row ${done} of ${examples.length}`),
  })
  return { scores, flops: flopsOf(report, examples, prompt) }
}

/** Class scores are means of logits, so the same holds for them. */
function combined(teacher: Scored, prompted: Scored, plain: Scored): Scored {
  const [a, b] = [prompted.scores.values, plain.scores.values]
  const values = teacher.scores.values.map((value, at) => value + (a[at] ?? Number.NaN) - (b[at] ?? Number.NaN))
  return {
    scores: { values, classes: teacher.scores.classes },
    flops: teacher.flops + prompted.flops + plain.flops,
  }
}

type Written = { readonly texts: NonNullable<CellResult['texts']>; readonly flops: number }

async function write(ground: StudyGround, report: ModelReport, subject: Subject): Promise<Written> {
  const { data, prompt, slot } = subject
  const examples = encoded(ground, report, subject)
  if (data.answerForm === null) throw new Error('write: a task of classes')
  const given: string[] = []
  const { engine, tokenizer } = ground
  for await (const { answer } of writeTexts({ engine, slot, prompt, form: data.answerForm, tokenizer, examples })) {
    given.push(answer)
    ground.onProgress(`measuring, row ${given.length} of ${examples.length}`)
  }
  const { exactMatch, f1 } = measureTexts(
    data.test.map(({ answer = '' }) => answer),
    given,
  )
  return { texts: { exactMatch, f1 }, flops: flopsOf(report, examples, prompt) }
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
