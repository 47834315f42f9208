/** What a prompt does on the rows of the open file, exactly. For whoever has lifted the seal. */
import { scoreClasses } from '../evaluate/classify.ts'
import { measure, predictClasses } from '../evaluate/metrics.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import { classNames } from '../protocol/task.ts'
import type { ExactFigures, ExactReport } from '../protocol/tuner.ts'
import { labelLoss } from '../tune/labelLoss.ts'
import type { Labels, Workspace } from './workspace.ts'

/** Rows of each side that are measured: more take minutes without a GPU. */
const MOST_ROWS = 1_500
const WORST = { rows: 10, characters: 300 } as const

type Measured = { readonly row: number; readonly label: number; readonly predicted: number; readonly loss: number }

export async function measureExactly(
  workspace: Workspace,
  { task, labelTokens }: Labels,
  prompt: SoftPrompt,
): Promise<ExactReport> {
  const { rows, encoded, heldOut } = await workspace.rowsFor(task, prompt.length)
  const { engine } = workspace.student
  const measureSide = async (side: 0 | 1): Promise<Measured[]> => {
    const places = spread([...heldOut.keys()].filter((row) => heldOut[row] === side))
    const examples = places.flatMap((row) => encoded[row] ?? [])
    const scores = await scoreClasses({ engine, slot: 'student', prompt, labelTokens, examples })
    const predicted = predictClasses(scores)
    return places.map((row, place) => {
      const label = rows[row]?.classIndex ?? 0
      const { loss } = labelLoss(scores.values, place, { classes: labelTokens.length, label })
      return { row, label, predicted: predicted[place] ?? 0, loss }
    })
  }
  const [trained, kept] = [await measureSide(0), await measureSide(1)]
  const names = classNames(task)
  const worst = [...trained, ...kept]
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.loss - a.loss)
  return {
    trained: figuresOf(trained, names.length),
    heldOut: figuresOf(kept, names.length),
    mostWrong: worst.slice(0, WORST.rows).map(({ row, label, predicted }) => ({
      text: rows[row]?.text.slice(0, WORST.characters) ?? '',
      label: names[label] ?? '',
      predicted: names[predicted] ?? '',
      isHeldOut: heldOut[row] === 1,
    })),
  }
}

/** All, or as many as may be measured, evenly over the file. */
function spread(places: readonly number[]): number[] {
  const count = Math.min(places.length, MOST_ROWS)
  return Array.from({ length: count }, (_, index) => places[Math.floor((index * places.length) / count)] ?? 0)
}

function figuresOf(side: readonly Measured[], classes: number): ExactFigures | null {
  if (side.length === 0) return null
  const { accuracy, confusion } = measure(
    side.map(({ label }) => label),
    side.map(({ predicted }) => predicted),
    classes,
  )
  return {
    rows: side.length,
    loss: side.reduce((sum, { loss }) => sum + loss, 0) / side.length,
    accuracy,
    confusion,
  }
}
