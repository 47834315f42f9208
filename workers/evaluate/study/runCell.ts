/** One cell of an evaluation, through the same code as tuning, transfer and classification. */
import type { SoftPrompt } from '../../prompt/softPrompt.ts'
import { classNames } from '../../protocol/task.ts'
import { assertNever } from '../../protocol/errors.ts'
import type { ModelReport } from '../../protocol/tuner.ts'
import { createEncoder } from '../../task/encoder.ts'
import { planTransfer } from '../../transfer/plan.ts'
import { transferByPlace } from '../../transfer/byPlace.ts'
import { runTransfer } from '../../transfer/runTransfer.ts'
import { parseSupport } from '../../transfer/support.ts'
import { startPrompt } from '../../tune/prompt.ts'
import { attackRows, attackPlan } from '../attackPlan.ts'
import { scoreClasses } from '../classify.ts'
import { attackMembership } from '../membership.ts'
import { measure, predictClasses, type Scores } from '../metrics.ts'
import { promptKey, type Cell } from './cells.ts'
import { passCost, spent } from './cost.ts'
import { meanLength, planOf, promptOf, requestFor } from './prompts.ts'
import type { CellResult, Cost, StudyData, StudyGround, TunedPrompt } from './types.ts'

/** Shadow prompts and rows of an attack where the plan does not say. */
const ATTACK = { shadows: 16, rows: 400 } as const

export async function runCell(ground: StudyGround, cell: Cell): Promise<CellResult> {
  const data = await ground.data(cell.task)
  if (cell.method === 'membership') return await attack(ground, cell, data)
  const key = promptKey(cell)
  const tuned = key === null ? null : await promptOf(ground, key, data)
  const moved = tuned ? await move(ground, cell, { data, source: tuned.prompt }) : null
  const stop = spent()
  const measured = await scoresOf(ground, cell, { data, prompt: moved?.prompt ?? tuned?.prompt ?? null })
  const labels = data.test.map(({ classIndex }) => classIndex)
  const { n, accuracy, macroF1, recall } = measure(labels, predictClasses(measured.scores), measured.scores.classes)
  return {
    ...resultOf(ground, cell),
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

function resultOf({ engine }: StudyGround, cell: Cell) {
  return { cell, backend: engine.report.backend, attack: null } as const
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

type Moved = {
  readonly prompt: SoftPrompt
  /** What a transfer on public texts used and reached; null where there are none. */
  readonly alpha: number | null
  readonly lossAfter: number | null
  readonly cost: Cost
}

type Source = { readonly data: StudyData; readonly source: TunedPrompt['prompt'] }

/** The teacher's prompt, of methods that make one of the student's. */
async function move(ground: StudyGround, cell: Cell, source: Source): Promise<Moved | null> {
  if (cell.method === 'post') return await transfer(ground, cell, source)
  return cell.method === 'zero-shot-transfer' ? await moveByPlace(ground, cell, source) : null
}

async function moveByPlace(ground: StudyGround, { student, seed }: Cell, { source }: Source): Promise<Moved> {
  const { engine } = ground
  await ground.load('student', { student: student ?? '' })
  const { vocabulary, width } = await ground.load('teacher', 'teacher')
  const ids = Array.from({ length: vocabulary }, (_, id) => id)
  const stop = spent()
  const prompt = transferByPlace({
    source,
    sourceTable: { values: await engine.embed('student', ids), width: source.width },
    targetTable: { values: await engine.embed('teacher', ids), width },
    seed,
  })
  return { prompt, alpha: null, lossAfter: null, cost: stop(0) }
}

async function transfer(
  ground: StudyGround,
  { student: name, publicSet, seed, settings }: Cell,
  { data, source }: Source,
): Promise<Moved> {
  const { engine, tokenizer } = ground
  const student = await ground.load('student', { student: name ?? '' })
  const teacher = await ground.load('teacher', 'teacher')
  const { task, labelTokens } = data
  const publicTexts = data.publicSets[publicSet ?? ''] ?? []
  const encoder = createEncoder({
    task,
    tokenizer,
    contextLength: Math.min(student.contextLength, teacher.contextLength),
    promptLength: source.length,
  })
  const plan = planTransfer(
    {
      seed,
      alpha: settings.alpha,
      steps: settings.transferSteps,
      texts: settings.publicTexts,
      learningRate: settings.transferLr,
      start: settings.init,
      support: settings.support === undefined ? undefined : (parseSupport(settings.support) ?? undefined),
    },
    { texts: publicTexts.length, vocabulary: teacher.vocabulary, backend: engine.report.backend },
  )
  const stop = spent()
  const { prompt, alpha, lossAfter } = await runTransfer({
    engine,
    student,
    teacher,
    sourcePrompt: source,
    task,
    encoder,
    answerForm: null,
    labelTokens,
    publicTexts,
    plan,
    onProgress: ({ phase, step, steps }) => ground.onProgress(`transfer, ${phase} ${step} of ${steps}`),
  })
  const length = meanLength(publicTexts.slice(0, plan.texts).map(({ text }) => encoder.encode(text).ids.length))
  const constants =
    passCost(student, { tokens: 2 * plan.texts * length, backward: false }) +
    passCost(teacher, { tokens: plan.texts * length, backward: false })
  const tokens = plan.steps * (plan.batchSize * length + source.length)
  return { prompt, alpha, lossAfter, cost: stop(constants + passCost(teacher, { tokens, backward: true })) }
}

async function attack(ground: StudyGround, cell: Cell, data: StudyData): Promise<CellResult> {
  const { engine, tokenizer } = ground
  const { task, labelTokens, train } = data
  const { student, settings } = cell
  const { contextLength, vocabulary } = await ground.load('student', { student: student ?? '' })
  const count = Math.min(settings.attackRows ?? ATTACK.rows, train.length)
  const shadows = settings.shadows ?? ATTACK.shadows
  const plan = attackPlan(requestFor(cell, count), { task, rows: count })
  const { promptLength } = plan
  const encoder = createEncoder({ task, tokenizer, contextLength, promptLength })
  const rows = {
    encoded: train.map(({ text }) => encoder.encode(text)),
    labels: Int32Array.from(train, ({ classIndex }) => classIndex),
    heldOut: new Uint8Array(train.length),
  }
  const prompt = await startPrompt({ engine, encoder, vocabulary, promptLength, start: { kind: 'text' } })
  const stop = spent()
  const report = await attackMembership(
    { engine, plan, labelTokens, rows: attackRows(rows, count), prompt, shadows },
    { onProgress: (share) => ground.onProgress(`attack, ${Math.round(100 * share)} % done`) },
  )
  return {
    ...resultOf(ground, cell),
    n: count,
    accuracy: null,
    macroF1: null,
    recall: null,
    attack: { auc: report.auc.value, tprAt1: report.tprAt1.value },
    epsilon: report.epsilon,
    alpha: null,
    publicLoss: null,
    cost: { tune: null, transfer: null, measure: stop(0) },
  }
}
