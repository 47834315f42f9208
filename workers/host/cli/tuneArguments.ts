/** What `softpost tune` is asked for. */
import { parseArgs } from 'node:util'
import { DEFAULT_FILE_BUDGET } from '../../protocol/ledger.ts'
import type { BackendName, TuningRequest, WeightFormat } from '../../protocol/tuning.ts'
import { PARTS } from '../../protocol/wire.ts'
import { DEFAULTS } from '../../tune/plan.ts'
import type { PromptStart } from '../../tune/prompt.ts'
import type { TypedColumns } from '../inputs.ts'
import { CERTIFICATE } from '../promptFolder.ts'
import {
  definedOnly,
  parseOptions,
  readBackend,
  readChoice,
  readNumber,
  readWeights,
  requireOption,
  usageError,
} from './options.ts'
import type { OutFolder } from './outFolder.ts'

export const NAME = 'tune'
const DEFAULT_EPSILON = 8

export const HELP = `Usage: softpost tune --model DIR --task FILE --data FILE --out DIR [options]

Tunes a soft prompt on labelled rows and writes it as a PEFT folder with its certificate (${CERTIFICATE}).
The rows stay on this machine; with differential privacy the prompt may leave it.

  --model DIR           folder of the student model
  --task FILE           the task (docs/formats.md): classes, or of kind "extract" answers that are short texts
  --data FILE           rows with labels or answers: CSV, TSV or JSON lines; rows that the task cannot use are left out
  --out DIR             folder for the prompt; an earlier one that did clearly better on held-out rows, where there is
                        one, goes to DIR-step-N beside it

  --epsilon E           privacy budget (default ${DEFAULT_EPSILON})
  --delta D             below 1 in the number of rows (default 1e-5, above 10,000 rows 1e-6)
  --no-dp               tune without differential privacy
  --ledger FILE         where all runs on these rows are kept and added up (default .softpost-ledger beside the data)
  --file-budget E       what all runs on these rows may spend together; a run beyond it is refused (default for a
                        ledger that is named ${DEFAULT_FILE_BUDGET}; the default ledger adds up and says so)
  --declare-runs        name the earlier runs on these rows in the certificate, as one project with this one, and their
                        ε together; without it the certificate speaks of this run alone
  --clip C              clip norm (default ${DEFAULTS.clipNorm})
  --unit NAME           what the privacy budget protects: row (default), or person with all its rows
  --group-column NAME   with --unit person: the column that says whose row it is
  --max-rows-per-person M
                        with --unit person: so many of a person's rows take part, as their mean (default ${DEFAULTS.maxRowsPerPerson})
  --batch B             expected rows (persons) of a step (default ${DEFAULTS.private.batchSize}, without DP ${DEFAULTS.plain.batchSize}; fewer on small files)
  --steps T             steps (default ${DEFAULTS.private.steps}, without DP ${DEFAULTS.plain.steps})
  --lr R                learning rate of the first step (default ${DEFAULTS.private.learningRate}, without DP ${DEFAULTS.plain.learningRate})
  --optimizer NAME      adam (default) or sgd
  --length P            rows of the prompt (default ${DEFAULTS.private.promptLength})
  --init NAME           where the prompt starts: text (the task's words, default) or random
  --seed S              of the random start (default 0) and, without DP, of batches and held-out rows; with DP these
                        always come from the system's secure generator
  --held-out F          share of the rows (persons) that is kept apart to measure on (default 0.1, at most about 300 rows)
  --text-column NAME    column of the texts (default text)
  --label-column NAME   column of the labels or answers (default label, or answer)
  --weights NAME        what the model's weights are rounded to: f32 (default: the numbers of the files), f16, int8, or
                        f16-mixed, whose products are formed in f16 too where a GPU can; the certificate names it,
                        and who uses the prompt rounds alike
  --backend NAME        auto, webgpu or wasm (default auto)
  --force               replace an earlier result in --out
  --json                the last line of standard output is
                        {"epsilon", "delta", "sigma", "steps", "sampleRate", "examplesPerSecond", "out"}
`

export type TuneArguments = {
  readonly modelDir: string
  readonly taskFile: string
  readonly dataFile: string
  readonly columns: TypedColumns
  readonly ledgerFile: string | undefined
  readonly fileBudget: number | undefined
  readonly declareRuns: boolean
  readonly folder: OutFolder
  readonly request: {
    readonly dp: boolean
    readonly epsilon: number
    readonly delta: number | undefined
    readonly knobs: Omit<TuningRequest, 'budget'>
  }
  readonly promptLength: number
  readonly start: PromptStart
  readonly seed: number | undefined
  readonly heldOut: number | undefined
  readonly weights: WeightFormat
  readonly backend: 'auto' | BackendName
  readonly json: boolean
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const OPTIONS = {
  model: text,
  task: text,
  data: text,
  out: text,
  epsilon: text,
  delta: text,
  'no-dp': flag,
  ledger: text,
  'file-budget': text,
  'declare-runs': flag,
  clip: text,
  batch: text,
  steps: text,
  lr: text,
  optimizer: text,
  length: text,
  init: text,
  seed: text,
  'held-out': text,
  unit: text,
  'group-column': text,
  'max-rows-per-person': text,
  'text-column': text,
  'label-column': text,
  weights: text,
  backend: text,
  force: flag,
  json: flag,
} as const

type NumberOption =
  | 'epsilon'
  | 'delta'
  | 'clip'
  | 'batch'
  | 'steps'
  | 'lr'
  | 'length'
  | 'seed'
  | 'held-out'
  | 'max-rows-per-person'
  | 'file-budget'

export function readArguments(args: readonly string[]): TuneArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const dp = values['no-dp'] !== true
  if (!dp && (values.epsilon !== undefined || values.delta !== undefined)) {
    throw usageError(NAME, '--no-dp has no --epsilon and no --delta')
  }
  const number = (option: NumberOption) => readNumber(NAME, option, values[option])
  const heldOut = number('held-out')
  if (heldOut !== undefined && !(heldOut >= 0 && heldOut < 1)) {
    throw usageError(NAME, `--held-out ${heldOut} is not a share from 0 to below 1`)
  }
  const seed = number('seed')
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw usageError(NAME, `--seed ${seed} is not a whole number`)
  const person = readPersonColumn(values, dp)
  const promptLength = number('length') ?? DEFAULTS.private.promptLength
  const init = readChoice(NAME, 'init', { typed: values.init, choices: ['text', 'random'] }) ?? 'text'
  return {
    modelDir: requireOption(NAME, 'model', values.model),
    taskFile: requireOption(NAME, 'task', values.task),
    dataFile: requireOption(NAME, 'data', values.data),
    columns: { text: values['text-column'], label: values['label-column'], person },
    ledgerFile: values.ledger,
    fileBudget: number('file-budget'),
    declareRuns: values['declare-runs'] === true,
    folder: {
      command: NAME,
      out: requireOption(NAME, 'out', values.out),
      own: [PARTS.config, PARTS.weights, CERTIFICATE],
      force: values.force === true,
    },
    request: {
      dp,
      epsilon: number('epsilon') ?? DEFAULT_EPSILON,
      delta: number('delta'),
      knobs: definedOnly({
        promptLength,
        batchSize: number('batch'),
        steps: number('steps'),
        learningRate: number('lr'),
        clipNorm: number('clip'),
        maxRowsPerPerson: number('max-rows-per-person'),
        optimizer: readChoice(NAME, 'optimizer', { typed: values.optimizer, choices: ['adam', 'sgd'] }),
      }),
    },
    promptLength,
    start: init === 'text' ? { kind: 'text' } : { kind: 'random', seed: seed ?? 0 },
    seed,
    heldOut,
    weights: readWeights(NAME, values.weights) ?? 'f32',
    backend: readBackend(NAME, values.backend),
    json: values.json === true,
  }
}

type UnitOptions = {
  readonly unit?: string
  readonly 'group-column'?: string
  readonly 'max-rows-per-person'?: string
}

/** The column of persons, where they are the unit. */
function readPersonColumn(values: UnitOptions, dp: boolean): string | undefined {
  const unit = readChoice(NAME, 'unit', { typed: values.unit, choices: ['row', 'person'] }) ?? 'row'
  const { 'group-column': column, 'max-rows-per-person': rows } = values
  if (unit === 'row') {
    if (column === undefined && rows === undefined) return undefined
    throw usageError(NAME, '--group-column and --max-rows-per-person go with --unit person')
  }
  if (!dp) throw usageError(NAME, '--no-dp has no --unit: nothing is protected')
  return requireOption(NAME, 'group-column', column)
}
