/** What `softpost distill` is asked for. */
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { DistillSettings } from '../../distill/run.ts'
import { MANIFEST_NAME, MODEL_FILES } from '../../model/manifest.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { ModelId } from '../../protocol/wire.ts'
import { parseOptions, readBackend, readChoice, readNumber, requireOption, usageError } from './options.ts'
import type { OutFolder } from './outFolder.ts'
import { readLayers } from './takeLayers.ts'

export const NAME = 'distill'

const DEFAULTS = {
  steps: 2_000,
  batch: 32,
  sequence: 64,
  lr: 1e-3,
  clip: 5,
  temperature: 2,
  seed: 0,
  validateEvery: 500,
  checkpointEvery: 100,
} as const
const WEIGHTS = '5,2,1'

export const HELP = `Usage: softpost distill --teacher DIR --layers 0,5 --corpus FILE --out DIR [options]

Makes a student of some of a teacher's layers and trains it, on public texts, to say what the teacher says. For GPT-2.

  --teacher DIR     folder of the large model
  --layers LIST     layers to keep, counted from 0, in ascending order
  --corpus FILE     public texts: one a line, or CSV, TSV or JSON lines; may be given several times. FILE:8 counts each
                    text of the file 8 times. One of 100 texts is kept apart to measure on. Lines of text and of JSON
                    are read as they are drawn, so that the file may be larger than the memory
  --out DIR         folder for the student; losses and measurements are kept beside it in DIR.losses.jsonl,
                    and drawn in DIR.losses.svg at the end

  --template TEXT   what to make of the rows of CSV, TSV and JSON lines, with {text} and {label} (default {text})
  --text-column N   column of the texts (default text)
  --label-column N  column of the labels (default label)
  --weights A,B,C   of the losses: against the teacher's next token, against the text's, and between the last hidden
                    states (default ${WEIGHTS}); 0 switches one off
  --temperature T   of the first of them (default ${DEFAULTS.temperature})
  --freeze PART     embeddings or head: they stay the teacher's, which is faster. In GPT-2 the two are one
  --steps N         steps (default ${DEFAULTS.steps})
  --seconds N       end the training after this time instead
  --batch N         sequences of a step (default ${DEFAULTS.batch})
  --sequence N      tokens of a sequence at most (default ${DEFAULTS.sequence})
  --lr R            peak of the learning rate (default ${DEFAULTS.lr})
  --clip C          global norm that gradients are cut to (default ${DEFAULTS.clip})
  --seed N          of the order of the texts (default ${DEFAULTS.seed})
  --backend NAME    auto, webgpu or wasm (default auto)
  --threads N       threads that compute on wasm (default: one for each core)
  --validate-every N
                    steps between two measurements on the texts that are kept apart (default ${DEFAULTS.validateEvery}; 0 for none)
  --patience N      end early after N measurements in a row without a better perplexity (default: never)
  --checkpoint-every N
                    steps between two checkpoints in DIR.checkpoint (default ${DEFAULTS.checkpointEvery}; 0 for none)
  --milestones LIST also keep the student as it is after these steps, ascending, in DIR.step-N
  --resume          go on from the checkpoint that a run with the same options left, to the same student; without one
                    it starts
  --id NAME         id of the student (default: the name of the folder)
  --force           replace an earlier student in --out, and drop the checkpoint of a run that did not end
  --json            the last line of standard output is {"steps", "tokens", "validationPerplexity",
                    "teacherPerplexity", "teacherAgreement", "tokensPerSecond", "out"}
`

export type DistillArguments = {
  readonly teacherDir: string
  readonly layers: readonly number[]
  readonly corpusFiles: readonly { readonly path: string; readonly times: number }[]
  readonly columns: { readonly text: string | undefined; readonly label: string | undefined }
  readonly template: string
  readonly folder: OutFolder
  readonly id: string
  readonly settings: DistillSettings
  readonly frozenEmbeddings: boolean
  readonly sequence: number
  readonly seed: number
  readonly backend: 'auto' | BackendName
  readonly threads: number | undefined
  readonly resume: boolean
  readonly json: boolean
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const OPTIONS = {
  teacher: text,
  layers: text,
  corpus: { type: 'string', multiple: true },
  out: text,
  template: text,
  'text-column': text,
  'label-column': text,
  weights: text,
  temperature: text,
  freeze: text,
  steps: text,
  seconds: text,
  batch: text,
  sequence: text,
  lr: text,
  clip: text,
  seed: text,
  backend: text,
  threads: text,
  'validate-every': text,
  patience: text,
  'checkpoint-every': text,
  milestones: text,
  resume: flag,
  id: text,
  force: flag,
  json: flag,
} as const

export function readArguments(args: readonly string[]): DistillArguments {
  const { values, positionals } = parseOptions(NAME, () =>
    parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true }),
  )
  const out = requireOption(NAME, 'out', values.out)
  const template = values.template ?? '{text}'
  if (!template.includes('{text}')) throw usageError(NAME, `--template "${template}" lacks {text}`)
  // A shell that expands --corpus *.txt leaves all but the first as arguments of their own.
  const corpusFiles = [...(values.corpus ?? []), ...positionals].map(readCorpusFile)
  if (values.corpus === undefined) throw usageError(NAME, '--corpus is needed')
  const id = ModelId.safeParse(values.id ?? basename(resolve(out)))
  if (!id.success)
    throw usageError(NAME, `the id ${values.id ?? basename(resolve(out))} needs small letters, digits, . _ - only`)
  const own = [...Object.values(MODEL_FILES), MANIFEST_NAME, 'README.md']
  type NumberOption =
    | ('steps' | 'seconds' | 'batch' | 'sequence' | 'lr' | 'clip' | 'temperature' | 'seed' | 'threads')
    | ('validate-every' | 'patience' | 'checkpoint-every')
  const number = (option: NumberOption): number | undefined => readNumber(NAME, option, values[option])
  const positive = (option: NumberOption, fallback: number): number => {
    const value = number(option) ?? fallback
    if (value > 0) return value
    throw usageError(NAME, `--${option} ${value} is not above 0`)
  }
  const whole = (option: NumberOption, fallback: number): number => {
    const value = positive(option, fallback)
    if (Number.isSafeInteger(value)) return value
    throw usageError(NAME, `--${option} ${value} is not a whole number`)
  }
  const every = (option: NumberOption, fallback: number): number | null => {
    const value = number(option) ?? fallback
    return value === 0 ? null : whole(option, fallback)
  }
  const validateEvery = every('validate-every', DEFAULTS.validateEvery)
  if (values.patience !== undefined && validateEvery === null) {
    throw usageError(NAME, '--patience counts measurements; give --validate-every too')
  }
  if (values.steps !== undefined && values.seconds !== undefined) {
    throw usageError(NAME, '--steps and --seconds both say when to end; give one')
  }
  const end: DistillSettings['end'] =
    values.seconds === undefined ? { steps: whole('steps', DEFAULTS.steps) } : { seconds: positive('seconds', 1) }
  return {
    teacherDir: requireOption(NAME, 'teacher', values.teacher),
    layers: readLayers(NAME, requireOption(NAME, 'layers', values.layers)),
    corpusFiles,
    columns: { text: values['text-column'], label: values['label-column'] },
    template,
    folder: { command: NAME, out, own, force: values.force === true },
    id: id.data,
    settings: {
      weights: readWeights(values.weights ?? WEIGHTS),
      temperature: positive('temperature', DEFAULTS.temperature),
      learningRate: positive('lr', DEFAULTS.lr),
      clipNorm: positive('clip', DEFAULTS.clip),
      batchSize: whole('batch', DEFAULTS.batch),
      end,
      validateEvery,
      patience: values.patience === undefined ? null : whole('patience', 1),
      checkpointEvery: every('checkpoint-every', DEFAULTS.checkpointEvery),
      milestones: readMilestones(values.milestones, end),
    },
    frozenEmbeddings:
      readChoice(NAME, 'freeze', { typed: values.freeze, choices: ['embeddings', 'head'] }) !== undefined,
    sequence: whole('sequence', DEFAULTS.sequence),
    seed: number('seed') ?? DEFAULTS.seed,
    backend: readBackend(NAME, values.backend),
    threads: values.threads === undefined ? undefined : whole('threads', 1),
    resume: values.resume === true,
    json: values.json === true,
  }
}

function readMilestones(typed: string | undefined, end: DistillSettings['end']): number[] {
  if (typed === undefined) return []
  const steps = typed.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const ascend = steps.every((step, at) => Number.isSafeInteger(step) && step > (steps[at - 1] ?? 0))
  const last = steps.at(-1) ?? 0
  if (ascend && 'steps' in end && last >= end.steps) {
    throw usageError(
      NAME,
      `--milestones ${typed}: the run ends after ${end.steps} steps, and keeps that student anyway`,
    )
  }
  if (ascend) return steps
  throw usageError(NAME, `--milestones ${typed} are not whole numbers from 1 on, ascending, such as 50,200`)
}

/** `FILE` or `FILE:times`. */
export function readCorpusFile(typed: string): DistillArguments['corpusFiles'][number] {
  const [, path = typed, times = '1'] = /^(.+):([1-9]\d{0,3})$/.exec(typed) ?? []
  return { path, times: Number(times) }
}

function readWeights(typed: string): DistillSettings['weights'] {
  const parts = typed.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const [ce, lm, cos] = parts
  if (parts.length === 3 && ce !== undefined && lm !== undefined && cos !== undefined) {
    if (parts.every((weight) => Number.isFinite(weight) && weight >= 0) && ce + lm + cos > 0) return { ce, lm, cos }
  }
  throw usageError(NAME, `--weights ${typed} is not three weights from 0 such as ${WEIGHTS}, one of them above 0`)
}
