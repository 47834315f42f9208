/** α: how much of the loss is the prompt's shift (L2), the rest its output (L1). */
import { predictClasses } from '../evaluate/metrics.ts'
import { scoreClasses } from '../evaluate/classify.ts'
import { judgeAnswers } from '../evaluate/judge.ts'
import type { Engine } from '../pool/types.ts'
import type { SoftPrompt } from '../prompt/softPrompt.ts'
import type { Encoded } from '../task/types.ts'

/** Where nothing is known: among constants it loses least on the best α of the paper's table 20, 2.8 points on average. */
export const DEFAULT_ALPHA = 0.5

/** Rows below which an accuracy says little (standard error 5 points), and rows that are enough (2 points). */
const FEWEST_ROWS = 100
const MOST_ROWS = 512

export type Accuracies = {
  /** The teacher without a prompt. */
  readonly zeroShot: number
  /** The student with ps. */
  readonly compressed: number
  /** Answers to guess among; infinite for texts. */
  readonly classes: number
}

/**
 * The paper's heuristic (equation 6), (ZS − RG) / (C − RG) with RG = 1 / classes, held to [0, 1]. Where the student is
 * no better than guessing, its output is not to be copied: 1 if the teacher knows more, else {@link DEFAULT_ALPHA}.
 */
export function alphaFrom({ zeroShot, compressed, classes }: Accuracies): number {
  const guess = 1 / classes
  if (compressed <= guess) return zeroShot > guess ? 1 : DEFAULT_ALPHA
  return Math.min(1, Math.max(0, (zeroShot - guess) / (compressed - guess)))
}

export type AnswerAlphaRequest = Pick<AlphaRequest, 'sourcePrompt'> & {
  readonly engine: Pick<Engine, 'judge'>
  /** Public texts with their own answers, in random order. */
  readonly answered: readonly Encoded[]
}

/**
 * The same for answers that are texts, by the share that would be written exactly; nobody guesses one, so RG is 0.
 * {@link DEFAULT_ALPHA} where the public set has too few.
 */
export async function measureAnswerAlpha({ engine, sourcePrompt, answered }: AnswerAlphaRequest): Promise<number> {
  if (answered.length < FEWEST_ROWS) return DEFAULT_ALPHA
  const examples = answered.slice(0, MOST_ROWS)
  const shareOf = async (slot: 'student' | 'teacher', prompt: SoftPrompt | null): Promise<number> => {
    const judged = await judgeAnswers({ engine, slot, prompt, examples })
    return judged.filter(({ exact }) => exact).length / examples.length
  }
  return alphaFrom({
    zeroShot: await shareOf('teacher', null),
    compressed: await shareOf('student', sourcePrompt),
    classes: Number.POSITIVE_INFINITY,
  })
}

/** A public text whose label is a class of the task. */
export type LabelledText = { readonly example: Encoded; readonly classIndex: number }

export type AlphaRequest = {
  readonly engine: Engine
  /** ps. */
  readonly sourcePrompt: SoftPrompt
  readonly labelTokens: readonly (readonly number[])[]
  /** In random order. */
  readonly labelled: readonly LabelledText[]
}

/** Whether public labels say enough about the task to measure by: rows of every class, and not too few. */
export function canMeasure(labelled: readonly LabelledText[], classes: number): boolean {
  const present = new Set(labelled.map(({ classIndex }) => classIndex))
  return labelled.length >= FEWEST_ROWS && present.size === classes
}

/** α from public labelled texts alone; {@link DEFAULT_ALPHA} where there are none for this task. */
export async function measureAlpha(request: AlphaRequest): Promise<number> {
  const { engine, sourcePrompt, labelTokens } = request
  const classes = labelTokens.length
  if (!canMeasure(request.labelled, classes)) return DEFAULT_ALPHA
  const labelled = request.labelled.slice(0, MOST_ROWS)
  const examples = labelled.map(({ example }) => example)
  const accuracyOf = async (slot: 'student' | 'teacher', prompt: SoftPrompt | null): Promise<number> => {
    const predicted = predictClasses(await scoreClasses({ engine, slot, prompt, labelTokens, examples }))
    return predicted.filter((k, row) => k === labelled[row]?.classIndex).length / labelled.length
  }
  return alphaFrom({
    zeroShot: await accuracyOf('teacher', null),
    compressed: await accuracyOf('student', sourcePrompt),
    classes,
  })
}
