/** `softpost transfer`: from a prompt of the student to one of the teacher, with public texts alone. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { PARTS } from '../../protocol/wire.ts'
import { ANSWER_SOURCES } from '../../transfer/answered.ts'
import { STARTS } from '../../transfer/plan.ts'
import type { WeightFormat } from '../../protocol/tuning.ts'
import { parseSupport, type Support } from '../../transfer/support.ts'
import { readTaskFile } from '../inputs.ts'
import { readPromptWeights } from '../promptFolder.ts'
import { runTransferWork } from '../work/transferWork.ts'
import type { TransferProgress, TransferSummary, TransferWork } from '../work/types.ts'
import type { Command } from './command.ts'
import { parseOptions, readBackend, readChoice, readNumber, readWeights, requireOption, usageError } from './options.ts'
import { requireFree } from './outFolder.ts'
import { duration, progressLine } from './progress.ts'

const NAME = 'transfer'

const HELP = `Usage: softpost transfer --teacher DIR --student DIR --prompt DIR --task FILE --public FILE --out DIR [options]

Makes a prompt for the large model that acts as the student does with its own. It reads public texts alone.

  --teacher DIR         folder of the large model
  --student DIR         folder of the student that the prompt was tuned on
  --prompt DIR          PEFT folder with the student's prompt
  --task FILE           the task (docs/formats.md)
  --public FILE         public texts: CSV, TSV, JSON lines or one text a line
  --out DIR             folder for the large model's prompt

  --alpha A             weight of the prompt's shift against its output, 0 to 1, or auto (default): measured on
                        public rows whose labels are classes of the task (or, with --answers public, on their
                        answers), 0.5 where there are none
  --steps N             steps (default 1000 on a GPU, 250 without)
  --text-column NAME    column of the texts (default text)
  --label-column NAME   column of the labels (default label)
  --examples N          public texts that are used (default 512)
  --batch N             texts of a step (default 16)
  --lr R                learning rate (default 0.01)
  --init NAME           where the prompt starts: text (the task's words), student (its prompt), or auto (default): the
                        one with the smaller loss on public texts
  --answers NAME        of an extract task, the answers that both models are led along: public (those in the public
                        file's column of labels, where a row has one; default if that column is called answer) or
                        student (what the student with its prompt writes; default otherwise)
  --support NAME        tokens that the losses are over: full (default), labels (the label words), or top:N (the N tokens
                        that the student with its prompt finds likeliest)
  --cache DIR           keep logits without a prompt in this folder (at most 1 GiB, dropped after 7 days without use): the
                        next transfer with the same models, template and public texts begins sooner
  --seed N              of the choice and order of public texts (default 0)
  --weights NAME        what the student's weights are rounded to: f32 (the numbers of the files), f16, int8, or f16-mixed,
                        whose products are formed in f16 too where a GPU can (default: as the prompt's certificate
                        says, f32 without one)
  --backend NAME        auto, webgpu or wasm (default auto)
  --force               replace an earlier prompt in --out
  --json                the last line of standard output is {"alpha", "steps", "loss", "out"}
`

export const transferCommand: Command = {
  name: NAME,
  summary: "turn a student's prompt into one for its teacher, with public texts",
  help: HELP,
  run: transfer,
}

async function transfer(args: readonly string[]): Promise<number> {
  const { json, force, taskFile, weights, ...typed } = readArguments(args)
  const work = { ...typed, studentWeights: weights ?? (await readPromptWeights(typed.promptDir)) }
  await requireFree({ command: NAME, out: work.outDir, own: [PARTS.config, PARTS.weights], force })
  const task = await readTaskFile(taskFile)
  const line = progressLine()
  const started = performance.now()
  const summary = await runTransferWork({ ...work, task }, (progress) => line.show(describe(progress)))
  line.end(`transfer: done in ${duration((performance.now() - started) / 1000)}`)
  process.stdout.write(json ? `${toJson(summary)}\n` : toWords(summary))
  return 0
}

function describe({ phase, step, steps, loss, secondsLeft }: TransferProgress): string {
  const left = `about ${duration(secondsLeft)} left`
  if (phase === 'constants') return `transfer: reading the public texts once, ${left}`
  const shown = loss === null ? '' : `, loss ${loss.toFixed(4)}`
  return `transfer: step ${step} of ${steps}${shown}, ${left}`
}

function toJson({ alpha, steps, loss, out }: TransferSummary): string {
  return JSON.stringify({ alpha, steps, loss, out })
}

function toWords({ alpha, steps, loss, startLoss, out }: TransferSummary): string {
  return `public loss ${startLoss.toFixed(4)} -> ${loss.toFixed(4)} in ${steps} steps, alpha ${Number(alpha.toFixed(3))}; the prompt is in ${out}\n`
}

type TransferArguments = Omit<TransferWork, 'task' | 'studentWeights'> & {
  readonly weights: WeightFormat | undefined
  readonly taskFile: string
  readonly force: boolean
  readonly json: boolean
}

const text = { type: 'string' } as const
const OPTIONS = {
  teacher: text,
  student: text,
  prompt: text,
  task: text,
  public: text,
  out: text,
  alpha: text,
  steps: text,
  'text-column': text,
  'label-column': text,
  examples: text,
  batch: text,
  lr: text,
  init: text,
  support: text,
  answers: text,
  cache: text,
  seed: text,
  weights: text,
  backend: text,
  force: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

function readArguments(args: readonly string[]): TransferArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const required = (option: 'teacher' | 'student' | 'prompt' | 'task' | 'public' | 'out') =>
    requireOption(NAME, option, values[option])
  const number = (option: 'steps' | 'examples' | 'batch' | 'lr' | 'seed') => readNumber(NAME, option, values[option])
  return {
    teacherDir: required('teacher'),
    studentDir: required('student'),
    promptDir: required('prompt'),
    taskFile: required('task'),
    publicFile: required('public'),
    outDir: required('out'),
    alpha: values.alpha === undefined || values.alpha === 'auto' ? 'auto' : Number(values.alpha),
    steps: number('steps'),
    texts: number('examples'),
    batchSize: number('batch'),
    learningRate: number('lr'),
    seed: number('seed'),
    start: readChoice(NAME, 'init', { typed: values.init, choices: STARTS }),
    support: readSupport(values.support),
    answers: readChoice(NAME, 'answers', { typed: values.answers, choices: ANSWER_SOURCES }),
    logitsDir: values.cache,
    textColumn: values['text-column'],
    labelColumn: values['label-column'],
    weights: readWeights(NAME, values.weights),
    backend: readBackend(NAME, values.backend),
    force: values.force === true,
    json: values.json === true,
  }
}

function readSupport(typed: string | undefined): Support | undefined {
  if (typed === undefined) return undefined
  const support = parseSupport(typed)
  if (support !== null) return support
  throw usageError(NAME, `--support ${typed} is not full, labels, or a number of tokens such as top:64`)
}
