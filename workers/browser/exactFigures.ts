/** What a prompt does on the rows of the open file, exactly. For whoever has lifted the seal. */
import { scoreClasses } from '../evaluate/classify.ts'
import { judgeAnswers } from '../evaluate/judge.ts'
import { predictClasses } from '../evaluate/metrics.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { answerWords } from '../protocol/answer.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { classNames } from '../protocol/task.ts'
import type { ExactFigures, ExactReport } from '../protocol/tuner.ts'
import type { Encoded } from '../task/types.ts'
import { labelLoss } from '../tune/labelLoss.ts'
import { answerTexts } from './answering.ts'
import type { Labels, Workspace } from './workspace.ts'

/** Rows of each side that are measured: more take minutes without a GPU. */
const MOST_ROWS = 1_500
const WORST = { rows: 10, characters: 300 } as const

/** `predicted` equals `truth` where the answer is right. */
type Measured = { readonly row: number; readonly truth: number; readonly predicted: number; readonly loss: number }

export async function measureExactly(workspace: Workspace, labels: Labels, prompt: SoftPrompt): Promise<ExactReport> {
  const { task } = labels
  const { rows, encoded, heldOut } = await workspace.rowsFor(task, prompt.length)
  const measureSide = async (side: 0 | 1): Promise<Measured[]> => {
    const places = spread([...heldOut.keys()].filter((row) => heldOut[row] === side))
    const examples = places.flatMap((row) => encoded[row] ?? [])
    const truths = places.map((row) => rows[row]?.classIndex ?? 0)
    const outcomes = await outcomesOf(workspace, labels, { prompt, examples, truths })
    return places.map((row, at) => {
      const outcome = outcomes[at]
      if (outcome === undefined) throw new SoftpostError('internal', 'measureExactly: a row has no outcome')
      const { predicted, loss } = outcome
      return { row, truth: truths[at] ?? 0, predicted, loss }
    })
  }
  const [trained, kept] = [await measureSide(0), await measureSide(1)]
  const worst = [...trained, ...kept]
    .filter(({ truth, predicted }) => truth !== predicted)
    .sort((a, b) => b.loss - a.loss)
    .slice(0, WORST.rows)
  const said = await saidOf(workspace, { ...labels, prompt }, worst, (row) => rows[row]?.text ?? '')
  const names = classNames(task)
  const shape = task.kind === 'extract' ? ([1, 2] as const) : ([names.length, names.length] as const)
  return {
    trained: figuresOf(trained, shape),
    heldOut: figuresOf(kept, shape),
    mostWrong: worst.map(({ row }, at) => ({
      text: rows[row]?.text.slice(0, WORST.characters) ?? '',
      label: rows[row]?.label ?? '',
      predicted: said[at] ?? '',
      isHeldOut: heldOut[row] === 1,
    })),
  }
}

type Asked = {
  readonly prompt: SoftPrompt
  readonly examples: readonly Encoded[]
  /** Class of each. */
  readonly truths: readonly number[]
}

/** Of answers that are texts the right one is 0, any other 1. */
async function outcomesOf(
  workspace: Workspace,
  { labelTokens }: Labels,
  { prompt, examples, truths }: Asked,
): Promise<Pick<Measured, 'predicted' | 'loss'>[]> {
  const { engine } = workspace.student
  if (labelTokens === null) {
    const judgements = await judgeAnswers({ engine, slot: 'student', prompt, examples })
    return judgements.map(({ exact, loss }) => ({ predicted: exact ? 0 : 1, loss }))
  }
  const scores = await scoreClasses({ engine, slot: 'student', prompt, labelTokens, examples })
  return predictClasses(scores).map((predicted, at) => {
    const { loss } = labelLoss(scores.values, at, { classes: labelTokens.length, label: truths[at] ?? 0 })
    return { predicted, loss }
  })
}

/** What the model says of each of some rows. */
async function saidOf(
  workspace: Workspace,
  answering: Parameters<typeof answerTexts>[1],
  measured: readonly Measured[],
  textOf: (row: number) => string,
): Promise<string[]> {
  const names = classNames(answering.task)
  if (answering.labelTokens !== null) return measured.map(({ predicted }) => names[predicted] ?? '')
  const texts = measured.map(({ row }) => textOf(row))
  return (await answerTexts(workspace.student, answering, texts)).map(answerWords)
}

/** All, or as many as may be measured, evenly over the file. */
function spread(places: readonly number[]): number[] {
  const count = Math.min(places.length, MOST_ROWS)
  return Array.from({ length: count }, (_, index) => places[Math.floor((index * places.length) / count)] ?? 0)
}

function figuresOf(
  side: readonly Measured[],
  [truths, predictions]: readonly [truths: number, predictions: number],
): ExactFigures | null {
  if (side.length === 0) return null
  const confusion = Array.from({ length: truths }, () => Array.from({ length: predictions }, () => 0))
  for (const { truth, predicted } of side) {
    const counts = confusion[truth]
    if (counts !== undefined) counts[predicted] = (counts[predicted] ?? 0) + 1
  }
  return {
    rows: side.length,
    loss: side.reduce((sum, { loss }) => sum + loss, 0) / side.length,
    accuracy: side.filter(({ truth, predicted }) => truth === predicted).length / side.length,
    confusion,
  }
}
