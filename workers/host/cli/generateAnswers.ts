/** A causal model answers the texts of an extract task, and is measured where the wanted answers are known. */
import process from 'node:process'
import { measureTexts, type TextMetrics } from '../../evaluate/textMetrics.ts'
import type { ExtractTask } from '../../protocol/task.ts'
import type { TextAnswer } from '../../protocol/tuner.ts'
import type { BackendName, WeightFormat } from '../../protocol/tuning.ts'
import { requireExtract } from '../../task/kinds.ts'
import { readDataFile, readTaskFile, type TypedColumns } from '../inputs.ts'
import { readPromptFolder, readPromptWeights } from '../promptFolder.ts'
import { writeFileAtomically } from '../store/atomic.ts'
import { openPromptedModel } from '../work/promptedModel.ts'
import { duration, progressLine } from './progress.ts'

export type AnswerOptions = {
  readonly modelDir: string
  readonly promptDir: string | null
  readonly taskFile: string
  /** Typed texts, or none where there is a file. */
  readonly texts: readonly string[]
  readonly dataFile: string | null
  readonly columns: TypedColumns
  readonly out: string | null
  /** As the prompt's certificate says where not given. */
  readonly weights: WeightFormat | undefined
  readonly backend: 'auto' | BackendName
  readonly json: boolean
}

/** @param command whose words stand on the terminal. */
export async function generateAnswers(command: string, typed: AnswerOptions): Promise<number> {
  const task = requireExtract(await readTaskFile(typed.taskFile), 'use softpost classify')
  const rows = await readRows(typed)
  // Before the model is loaded: a wrong folder is found out at once.
  if (typed.promptDir !== null) await readPromptFolder(typed.promptDir)
  const { answers, seconds } = await answer(command, typed, { task, texts: rows.map(({ text }) => text) })
  if (typed.out !== null) await writeFileAtomically(typed.out, toJsonLines(rows, answers))
  process.stdout.write(
    `${typed.dataFile === null ? sayEach(typed, rows, answers) : sayAll(typed, { rows, answers, seconds })}\n`,
  )
  return 0
}

/** `wanted` is null where the answer is not known. */
type Row = { readonly text: string; readonly wanted: string | null }

async function readRows({ texts, dataFile, columns }: AnswerOptions): Promise<Row[]> {
  if (dataFile === null) return texts.map((text) => ({ text, wanted: null }))
  const { examples } = await readDataFile(dataFile, columns)
  return examples.map(({ text, label }) => ({ text, wanted: label }))
}

async function answer(
  command: string,
  { modelDir, promptDir, backend, ...typed }: AnswerOptions,
  { task, texts }: { readonly task: ExtractTask; readonly texts: readonly string[] },
): Promise<{ readonly answers: readonly TextAnswer[]; readonly seconds: number }> {
  const weights = typed.weights ?? (promptDir === null ? 'f32' : await readPromptWeights(promptDir))
  const model = await openPromptedModel({ modelDir, backend, weights })
  try {
    const line = progressLine()
    const started = performance.now()
    const answers: TextAnswer[] = []
    for await (const given of model.write({ promptDir, task, texts })) {
      answers.push(given)
      line.show(`${command}: ${answers.length} of ${texts.length} texts`)
    }
    const seconds = (performance.now() - started) / 1000
    line.end(`${command}: ${texts.length} texts in ${duration(seconds)}`)
    return { answers, seconds }
  } finally {
    await model.close()
  }
}

function toJsonLines(rows: readonly Row[], answers: readonly TextAnswer[]): string {
  const lines = rows.map(({ text, wanted }, row) =>
    JSON.stringify({ text, ...answers[row], ...(wanted === null ? {} : { wanted }) }),
  )
  return `${lines.join('\n')}\n`
}

function sayEach({ json }: AnswerOptions, rows: readonly Row[], answers: readonly TextAnswer[]): string {
  if (!json) return answers.map(({ answer }) => answer).join('\n')
  return JSON.stringify({ results: rows.map(({ text }, row) => ({ text, ...answers[row] })) })
}

type Answered = { readonly rows: readonly Row[]; readonly answers: readonly TextAnswer[]; readonly seconds: number }

function sayAll({ json, out }: AnswerOptions, { rows, answers, seconds }: Answered): string {
  const tokens = answers.reduce((sum, given) => sum + given.tokens.length, 0)
  const pace = { tokens, tokensPerSecond: tokens / seconds, examplesPerSecond: rows.length / seconds }
  const metrics = measureRows(rows, answers)
  if (json) return JSON.stringify({ ...(metrics ?? { n: rows.length }), ...pace })
  const written = out === null ? [] : [`The answers are in ${out}`]
  if (metrics === null) return (out === null ? answers.map(({ answer }) => answer) : written).join('\n')
  return [
    `${metrics.n} rows`,
    `exact match ${percent(metrics.exactMatch)}`,
    `F1 of words ${percent(metrics.f1)}`,
    ...written,
  ].join('\n')
}

/** Null where the file has no wanted answers. */
function measureRows(rows: readonly Row[], answers: readonly TextAnswer[]): TextMetrics | null {
  const wanted = rows.flatMap((row) => row.wanted ?? [])
  if (wanted.length === 0) return null
  return measureTexts(
    wanted,
    answers.map(({ answer }) => answer),
  )
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}
