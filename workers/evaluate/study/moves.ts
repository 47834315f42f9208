/** From a student's prompt to one for the teacher, by the methods that make one. */
import type { SoftPrompt } from '../../prompt/softPrompt.ts'
import { createEncoder } from '../../task/encoder.ts'
import { transferByPlace } from '../../transfer/byPlace.ts'
import { planTransfer } from '../../transfer/plan.ts'
import { runTransfer } from '../../transfer/runTransfer.ts'
import { parseSupport } from '../../transfer/support.ts'
import type { Cell } from './cells.ts'
import { passCost, spent } from './cost.ts'
import { meanLength } from './prompts.ts'
import type { Cost, StudyData, StudyGround } from './types.ts'

export type Moved = {
  readonly prompt: SoftPrompt
  /** What a transfer on public texts used and reached; null where there are none. */
  readonly alpha: number | null
  readonly lossAfter: number | null
  readonly cost: Cost
}

type Source = { readonly data: StudyData; readonly source: SoftPrompt }

/** Null for a method that makes no prompt of the student's. */
export async function move(ground: StudyGround, cell: Cell, source: Source): Promise<Moved | null> {
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
  const { task, labelTokens, answerForm } = data
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
    answerForm,
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
