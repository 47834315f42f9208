/** `softpost classify`: how good a model is at a task on labelled rows, or what it says of rows without labels. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { toPredictions } from '../../evaluate/classify.ts'
import { measure, predictClasses, type Metrics, type Scores } from '../../evaluate/metrics.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { classNames, type ClassifyTask } from '../../protocol/task.ts'
import type { BackendName, WeightFormat } from '../../protocol/tuning.ts'
import type { Dataset } from '../../task/read/readDataset.ts'
import { requireClassify } from '../../task/kinds.ts'
import { prepareRows, requireClasses } from '../../task/rows.ts'
import { readDataFile, readTaskFile, type TypedColumns } from '../inputs.ts'
import { readPromptFolder, readPromptWeights } from '../promptFolder.ts'
import { writeFileAtomically } from '../store/atomic.ts'
import { openPromptedModel } from '../work/promptedModel.ts'
import type { Command } from './command.ts'
import { parseOptions, readBackend, readWeights, requireOption } from './options.ts'
import { duration, progressLine } from './progress.ts'

const NAME = 'classify'

const HELP = `Usage: softpost classify --model DIR --task FILE --data FILE [options]

Prints accuracy, macro-F1 and the recall of each class. Without --prompt the model answers zero-shot.

  --model DIR           folder of the model
  --task FILE           the task (docs/formats.md)
  --data FILE           rows with labels: CSV, TSV or JSON lines; rows of other labels are left out
  --prompt DIR          PEFT folder with a prompt for this model
  --out FILE            write each row's label and probabilities as JSON lines; then --data needs no labels
  --text-column NAME    column of the texts (default text)
  --label-column NAME   column of the labels (default label)
  --weights NAME        what the model's weights are rounded to: f32 (the numbers of the files), f16, int8, or f16-mixed,
                        whose products are formed in f16 too where a GPU can (default: as the prompt's certificate
                        says, f32 without one)
  --backend NAME        auto, webgpu or wasm (default auto)
  --json                the last line of standard output is
                        {"n", "accuracy", "macroF1", "recall": {class: number}, "examplesPerSecond"};
                        without labels {"n", "examplesPerSecond"}
`

export const classifyCommand: Command = {
  name: NAME,
  summary: 'measure a model on labelled rows, with or without a prompt',
  help: HELP,
  run: classify,
}

async function classify(args: readonly string[]): Promise<number> {
  const typed = readArguments(args)
  const task = requireClassify(await readTaskFile(typed.taskFile), 'use softpost generate --task FILE --data FILE')
  const rows = chooseRows(task, await readDataFile(typed.dataFile, typed.columns), typed)
  // Before the model is loaded: a wrong folder is found out at once.
  if (typed.promptDir !== null) await readPromptFolder(typed.promptDir)
  const { scores, seconds } = await scoreRows(typed, task, rows.texts)
  if (typed.out !== null) await writeFileAtomically(typed.out, toJsonLines(task, rows.texts, scores))
  const metrics = rows.labels === null ? null : measure(rows.labels, predictClasses(scores), scores.classes)
  const pace = { n: rows.texts.length, examplesPerSecond: rows.texts.length / seconds }
  const report = typed.json
    ? JSON.stringify(metrics === null ? pace : toRecord(task, metrics, pace.examplesPerSecond))
    : toWords(task, metrics, typed.out)
  process.stdout.write(`${report}\n`)
  return 0
}

/** `labels` holds class indices, or is null for a file without labels. */
type Rows = { readonly texts: readonly string[]; readonly labels: readonly number[] | null }

function chooseRows(task: ClassifyTask, { examples, report }: Dataset, typed: ClassifyArguments): Rows {
  if (report.labelColumn === null) {
    if (typed.out !== null) return { texts: examples.map(({ text }) => text), labels: null }
    throw new SoftpostError(
      'column-missing',
      `${typed.dataFile} has no labels to measure by; name their column with --label-column, or give --out FILE for the model's answers`,
    )
  }
  const prepared = prepareRows(task, examples, { keepDuplicates: true })
  if (prepared.rows.length === 0) requireClasses(task, prepared)
  if (prepared.withoutClass > 0) {
    process.stderr.write(`classify: ${prepared.withoutClass} rows have labels that are no classes of the task\n`)
  }
  return {
    texts: prepared.rows.map(({ text }) => text),
    labels: prepared.rows.map(({ classIndex }) => classIndex),
  }
}

async function scoreRows(
  typed: ClassifyArguments,
  task: ClassifyTask,
  texts: readonly string[],
): Promise<{ readonly scores: Scores; readonly seconds: number }> {
  const { modelDir, promptDir, backend } = typed
  const weights = typed.weights ?? (promptDir === null ? 'f32' : await readPromptWeights(promptDir))
  const classifier = await openPromptedModel({ modelDir, backend, weights })
  try {
    const line = progressLine()
    const started = performance.now()
    const scores = await classifier.score({ promptDir, task, texts }, (done) => {
      line.show(`classify: ${done} of ${texts.length} rows`)
    })
    const seconds = (performance.now() - started) / 1000
    line.end(`classify: ${texts.length} rows in ${duration(seconds)}`)
    return { scores, seconds }
  } finally {
    await classifier.close()
  }
}

function toJsonLines(task: ClassifyTask, texts: readonly string[], scores: Scores): string {
  const lines = toPredictions(task, scores).map(({ label, probabilities }, row) =>
    JSON.stringify({
      text: texts[row],
      label,
      probabilities: Object.fromEntries(probabilities.map((entry) => [entry.label, entry.probability])),
    }),
  )
  return `${lines.join('\n')}\n`
}

/** A class without rows has no recall: null. */
function toRecord(task: ClassifyTask, { n, accuracy, macroF1, recall }: Metrics, examplesPerSecond: number) {
  const byClass = Object.fromEntries(classNames(task).map((name, k) => [name, recall[k] ?? null]))
  return { n, accuracy, macroF1, recall: byClass, examplesPerSecond }
}

function toWords(task: ClassifyTask, metrics: Metrics | null, out: string | null): string {
  const written = out === null ? [] : [`The answers are in ${out}`]
  if (metrics === null) return written.join('\n')
  const names = classNames(task)
  const width = Math.max(...names.map((name) => name.length))
  return [
    `${metrics.n} rows`,
    `accuracy ${percent(metrics.accuracy)}`,
    `macro-F1 ${percent(metrics.macroF1)}`,
    'recall',
    ...names.map((name, k) => `  ${name.padEnd(width)}  ${percent(metrics.recall[k])}`),
    ...written,
  ].join('\n')
}

function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? 'no rows' : `${(100 * share).toFixed(2)} %`
}

type ClassifyArguments = {
  readonly modelDir: string
  readonly taskFile: string
  readonly dataFile: string
  readonly promptDir: string | null
  readonly out: string | null
  readonly columns: TypedColumns
  readonly weights: WeightFormat | undefined
  readonly backend: 'auto' | BackendName
  readonly json: boolean
}

const text = { type: 'string' } as const
const OPTIONS = {
  model: text,
  task: text,
  data: text,
  prompt: text,
  out: text,
  'text-column': text,
  'label-column': text,
  weights: text,
  backend: text,
  json: { type: 'boolean' },
} as const

function readArguments(args: readonly string[]): ClassifyArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  return {
    modelDir: requireOption(NAME, 'model', values.model),
    taskFile: requireOption(NAME, 'task', values.task),
    dataFile: requireOption(NAME, 'data', values.data),
    promptDir: values.prompt ?? null,
    out: values.out ?? null,
    columns: { text: values['text-column'], label: values['label-column'] },
    weights: readWeights(NAME, values.weights),
    backend: readBackend(NAME, values.backend),
    json: values.json === true,
  }
}
