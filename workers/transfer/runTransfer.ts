/** A whole transfer with both models loaded: constants, α, start, steps. */
import type { Engine } from '../pool/types.ts'
import { requireFits, type SoftPrompt } from '../prompt/softPrompt.ts'
import type { ClassifyTask, Task } from '../protocol/task.ts'
import type { ModelReport } from '../protocol/tuner.ts'
import type { Encoder } from '../task/encoder.ts'
import type { AnswerForm, LabelTokens } from '../task/answers.ts'
import { prepareRows } from '../task/rows.ts'
import { drawWithout, seededRandom, type PublicRandom } from '../task/seededRandom.ts'
import type { Encoded, Example } from '../task/types.ts'
import { measureAlpha, measureAnswerAlpha, type LabelledText } from './alpha.ts'
import { answeredTexts } from './answered.ts'
import { computeConstants } from './constants.ts'
import { mapLabels, type LabelWords } from './labelMap.ts'
import { createPace } from './pace.ts'
import type { PlainLogits } from './plainLogits.ts'
import { mostPositions, type TransferPlan } from './plan.ts'
import { chooseStart } from './start.ts'
import { supportOf } from './support.ts'
import { publicLoss, transferPrompt, type TransferGround } from './transfer.ts'

export type TransferProgress = {
  readonly phase: 'constants' | 'steps'
  readonly step: number
  readonly steps: number
  /** Mean public loss of the latest batch. */
  readonly loss: number | null
  readonly alpha: number | null
  readonly secondsLeft: number | null
}

export type TransferRun = {
  /** With both models loaded. */
  readonly engine: Engine
  readonly student: ModelReport
  readonly teacher: ModelReport
  /** ps. */
  readonly sourcePrompt: SoftPrompt
  readonly task: Task
  /** Of both models: they share the tokenizer. */
  readonly encoder: Encoder
  readonly labelTokens: LabelTokens | null
  /** Of an extract task. */
  readonly answerForm: AnswerForm | null
  readonly publicTexts: readonly Example[]
  /** What their labels mean, where they are not the task's own. */
  readonly labelWords?: LabelWords | undefined
  readonly plan: TransferPlan
  /** Logits without a prompt, where an earlier transfer has left them. */
  readonly plainLogits?: PlainLogits | undefined
  readonly onProgress: (progress: TransferProgress) => void
}

export type TransferResult = {
  /** pt. */
  readonly prompt: SoftPrompt
  readonly alpha: number
  /** Mean loss over the same public texts, of the start and of pt. */
  readonly lossBefore: number
  readonly lossAfter: number
}

/** Texts that the loss before and after is measured on. */
const MEASURED_TEXTS = 64

/** The same plan on the same inputs and backend gives the same prompt. */
export async function runTransfer(run: TransferRun): Promise<TransferResult> {
  const { engine, sourcePrompt, encoder, plan, teacher } = run
  for (const model of [run.student, teacher]) requireFits({ length: sourcePrompt.length, width: model.width }, model)
  const random = seededRandom(plan.seed)
  const texts = drawWithout(random, run.publicTexts.length, plan.texts).flatMap((row) => run.publicTexts[row] ?? [])
  const examples = await encodeTexts(run, texts)
  const pace = createPace({ texts: examples.length, steps: plan.steps, batchSize: plan.batchSize })
  let alpha: number | null = null
  const report = (phase: TransferProgress['phase'], step: number, loss: number | null): void => {
    run.onProgress({ phase, step, steps: plan.steps, loss, alpha, secondsLeft: pace.secondsLeft() })
  }
  report('constants', 0, null)
  const constants = await computeConstants({
    engine,
    sourcePrompt,
    examples,
    vocabulary: teacher.vocabulary,
    ...(run.plainLogits === undefined ? {} : { plainLogits: run.plainLogits }),
    supportOf: (logits) =>
      supportOf(plan.support, { logits, vocabulary: teacher.vocabulary, labelTokens: run.labelTokens }),
    onProgress: (done) => {
      pace.constantsDone(done)
      report('constants', 0, null)
    },
  })
  alpha = plan.alpha === 'auto' ? await findAlpha(run, random) : plan.alpha
  const { vocabulary } = teacher
  const ground: TransferGround = { engine, examples, constants, vocabulary, cut: plan.support !== 'full', alpha }
  const lossOf = (prompt: SoftPrompt): Promise<number> => publicLoss(ground, prompt, MEASURED_TEXTS)
  const start = await chooseStart({
    engine,
    choice: plan.start,
    sourcePrompt,
    initIds: encoder.initIds(sourcePrompt.length),
    teacherWidth: teacher.width,
    lossOf,
  })
  const lossBefore = await lossOf(start)
  pace.stepsBegin()
  report('steps', 0, lossBefore)
  const prompt = await transferPrompt({
    ...ground,
    plan,
    start,
    random,
    onStep: (done, loss) => {
      pace.stepsDone(done)
      report('steps', done, loss)
    },
  })
  return { prompt, alpha, lossBefore, lossAfter: await lossOf(prompt) }
}

/** As the models read them; of an extract task each with an answer. */
async function encodeTexts(run: TransferRun, texts: readonly Example[]): Promise<Encoded[]> {
  const { engine, sourcePrompt, encoder, answerForm, plan, teacher } = run
  if (answerForm === null) return texts.map(({ text }) => encoder.encode(text))
  return await answeredTexts({
    engine,
    prompt: sourcePrompt,
    encoder,
    form: answerForm,
    source: plan.answers,
    texts,
    mostPositions: mostPositions(teacher.vocabulary),
  })
}

/** From public labels or answers. */
async function findAlpha(run: TransferRun, random: PublicRandom): Promise<number> {
  const { task, labelTokens } = run
  if (task.kind === 'extract' || labelTokens === null) {
    return await measureAnswerAlpha({ ...run, answered: drawAnswered(run, random) })
  }
  return await measureAlpha({ ...run, labelTokens, labelled: drawLabelled(task, run, random) })
}

/** Public texts with answers of their own, in random order; none where the plan does not go by these. */
function drawAnswered({ answerForm, plan, publicTexts, encoder }: TransferRun, random: PublicRandom): Encoded[] {
  if (answerForm === null || plan.answers !== 'public') return []
  const rows = publicTexts.filter(({ label }) => label !== null && typeof answerForm.tokensOf(label) !== 'string')
  return drawWithout(random, rows.length, rows.length).flatMap((place) => {
    const row = rows[place]
    return row?.label ? [encoder.encode(row.text, row.label)] : []
  })
}

/** Public texts whose labels are classes of the task, in random order. */
function drawLabelled(
  task: ClassifyTask,
  { publicTexts, labelWords = {}, encoder }: TransferRun,
  random: PublicRandom,
): LabelledText[] {
  const { rows } = prepareRows(task, mapLabels(task, publicTexts, labelWords))
  return drawWithout(random, rows.length, rows.length).flatMap((place) => {
    const row = rows[place]
    return row ? [{ example: encoder.encode(row.text), classIndex: row.classIndex }] : []
  })
}
