/** What `softpost audit` is asked for. */
import { parseArgs } from 'node:util'
import { ATTACK_ROWS } from '../../evaluate/attackPlan.ts'
import { CANARY_AUDIT, type CanaryAuditPlan } from '../../evaluate/canaryAudit.ts'
import { LEAST_SHADOWS } from '../../evaluate/membership.ts'
import type { BackendName, TuningRequest } from '../../protocol/tuning.ts'
import type { TypedColumns } from '../inputs.ts'
import { definedOnly, parseOptions, readBackend, readNumber, requireOption, usageError } from './options.ts'

export const NAME = 'audit'
const DEFAULT_SHADOWS = 16
const DEFAULT_TEXTS = 100
const DEFAULT_EPSILON = 8

const { canaries, guesses, sampleRate, sigma, steps, delta, clipNorm, norm } = CANARY_AUDIT

export const HELP = `Usage: softpost audit [--self-test] [--canaries [M]] [options]
       softpost audit --texts [M] --model DIR --task FILE --data FILE [options]
       softpost audit --lira --model DIR --task FILE --data FILE [options]

Tests the privacy mechanism of this installation on made-up rows, through the same code as a tuning run. Without an
option it does both tests. A failed test ends with exit code 1.

  --self-test           are sampling, bounds and noise what the proof says? Finds noise that is 5 % too small; a sound
                        mechanism fails once in a million times at most
  --canaries [M]        what could a stranger prove who plants M made-up rows (default ${canaries}), each in or out by a fair
                        coin, and sees every noised step? Prints a lower bound on ε beside the accountant's ε
                        (Steinke, Nasr and Jagielski 2023). A bound above ε shows a fault; one below shows none
    --guesses R         rows that are guessed to be in, fixed beforehand (default ${guesses})
    --q Q               sampling rate (default ${sampleRate})
    --sigma S           noise multiplier (default ${sigma})
    --steps T           steps (default ${steps})
    --delta D           (default ${delta})
    --clip C            clip norm (default ${clipNorm})
    --norm X            length of a row's gradient before it is clipped, in units of C (default ${norm})

With --texts, an audit of a real run: M made-up texts (default ${DEFAULT_TEXTS}) stand among the rows of the file, each in or out
by a fair coin; a prompt is tuned and thrown away, and guesses from it give a lower bound on ε. It spends the budget of
a run. The texts are no person's, so the figures may be published.

With --lira, an attack on prompts of labelled rows: prompts are tuned on random halves of some of them, and the
likelihood ratio attack (Carlini et al. 2022) guesses which rows each prompt saw. Its figures say much about the rows:
keep them on this machine.

  --model DIR           folder of the student model
  --task FILE           the task (docs/formats.md)
  --data FILE           rows with labels: CSV, TSV or JSON lines
    --shadows N         with --lira, prompts to tune (default ${DEFAULT_SHADOWS}, at least ${LEAST_SHADOWS})
    --rows R            with --lira, rows to tell apart, drawn by chance (default ${ATTACK_ROWS})
    --epsilon E         privacy budget of each prompt (default ${DEFAULT_EPSILON}); --no-dp for none; --delta as in tune
    --steps T, --batch B, --length P, --lr R, --clip C
                        as in tune; with --lira for half as many rows as --rows says
    --ledger FILE       as in tune; after --lira it says that exact figures of these rows were seen
    --file-budget E     with --texts, as in tune
    --text-column NAME, --label-column NAME, --backend NAME
                        as in tune

  --json                the last line of standard output is
                        {"selfTest": {"passed", "checks", "noiseRatio", …}, "canaries": {"epsilonLower", "epsilon", …},
                        "texts": {"epsilonLower", "epsilon", …}, "lira": {"auc": {"value", "low", "high"}, "tprAt1", "lnRatio", "roc", "epsilon", …}}
                        with what was done; intervals hold 95 % of what would be seen with other rows and prompts
`

/** What runs on real rows need. */
export type RunArguments = {
  readonly modelDir: string
  readonly taskFile: string
  readonly dataFile: string
  readonly columns: TypedColumns
  readonly request: {
    readonly budget: { readonly epsilon: number; readonly delta: number | undefined } | null
    readonly knobs: Omit<TuningRequest, 'budget'>
  }
  readonly ledgerFile: string | undefined
  readonly backend: 'auto' | BackendName
}

export type LiraArguments = RunArguments & { readonly shadows: number; readonly rows: number }

export type TextsArguments = RunArguments & {
  readonly canaries: number
  readonly fileBudget: number | undefined
}

export type AuditArguments = {
  readonly selfTest: boolean
  readonly canaries: CanaryAuditPlan | null
  readonly texts: TextsArguments | null
  readonly lira: LiraArguments | null
  readonly json: boolean
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const OPTIONS = {
  'self-test': flag,
  canaries: text,
  guesses: text,
  q: text,
  sigma: text,
  steps: text,
  delta: text,
  clip: text,
  norm: text,
  texts: text,
  lira: flag,
  model: text,
  task: text,
  data: text,
  ledger: text,
  'file-budget': text,
  shadows: text,
  rows: text,
  epsilon: text,
  'no-dp': flag,
  batch: text,
  length: text,
  lr: text,
  'text-column': text,
  'label-column': text,
  backend: text,
  json: flag,
} as const

const OF_CANARIES = ['guesses', 'q', 'sigma', 'steps', 'delta', 'clip', 'norm'] as const
const OF_RUNS =
  'model task data epsilon no-dp steps delta clip batch length lr text-column label-column ledger backend'.split(' ')
const OF_LIRA = [...OF_RUNS, 'shadows', 'rows']
const OF_TEXTS = [...OF_RUNS, 'file-budget']
const OF_ALL = ['self-test', 'canaries', 'texts', 'lira', 'json']

export function readArguments(args: readonly string[]): AuditArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: withDefaultCounts(args), options: OPTIONS }))
  const wantsLira = values.lira === true
  const wantsTexts = values.texts !== undefined
  const wantsCanaries = values.canaries !== undefined
  const wantsSelfTest = values['self-test'] === true
  const ofRows = [wantsLira, wantsTexts].filter(Boolean).length
  if (ofRows > 1 || (ofRows === 1 && (wantsCanaries || wantsSelfTest))) {
    throw usageError(NAME, '--texts and --lira are audits of their own')
  }
  const isBare = ofRows === 0 && !wantsCanaries && !wantsSelfTest
  const allowed = new Set<string>([
    ...OF_ALL,
    ...(wantsLira ? OF_LIRA : []),
    ...(wantsTexts ? OF_TEXTS : []),
    ...(wantsCanaries || isBare ? OF_CANARIES : []),
  ])
  const stray = Object.keys(values).find((name) => !allowed.has(name))
  if (stray !== undefined) throw usageError(NAME, `--${stray} belongs to another audit`)
  return {
    selfTest: wantsSelfTest || isBare,
    canaries: wantsCanaries || isBare ? readCanaries(values) : null,
    texts: wantsTexts ? readTexts(values) : null,
    lira: wantsLira ? readLira(values) : null,
    json: values.json === true,
  }
}

type Values = { readonly [Name in keyof typeof OPTIONS]?: string | boolean | undefined }

function reader(values: Values) {
  return (option: keyof typeof OPTIONS): number | undefined => readNumber(NAME, option, typed(values, option))
}

function typed(values: Values, option: keyof typeof OPTIONS): string | undefined {
  const value = values[option]
  return typeof value === 'string' ? value : undefined
}

function readCanaries(values: Values): CanaryAuditPlan {
  const number = reader(values)
  return {
    canaries: number('canaries') ?? canaries,
    guesses: number('guesses') ?? guesses,
    sampleRate: number('q') ?? sampleRate,
    sigma: number('sigma') ?? sigma,
    steps: number('steps') ?? steps,
    delta: number('delta') ?? delta,
    clipNorm: number('clip') ?? clipNorm,
    norm: number('norm') ?? norm,
  }
}

function readLira(values: Values): LiraArguments {
  const number = reader(values)
  return {
    ...readRun(values),
    shadows: number('shadows') ?? DEFAULT_SHADOWS,
    rows: number('rows') ?? ATTACK_ROWS,
  }
}

function readTexts(values: Values): TextsArguments {
  const number = reader(values)
  return {
    ...readRun(values),
    canaries: number('texts') ?? DEFAULT_TEXTS,
    fileBudget: number('file-budget'),
  }
}

function readRun(values: Values): RunArguments {
  const number = reader(values)
  const dp = values['no-dp'] !== true
  if (!dp && (values.epsilon !== undefined || values.delta !== undefined)) {
    throw usageError(NAME, '--no-dp has no --epsilon and no --delta')
  }
  return {
    modelDir: requireOption(NAME, 'model', typed(values, 'model')),
    taskFile: requireOption(NAME, 'task', typed(values, 'task')),
    dataFile: requireOption(NAME, 'data', typed(values, 'data')),
    columns: { text: typed(values, 'text-column'), label: typed(values, 'label-column') },
    request: {
      budget: dp ? { epsilon: number('epsilon') ?? DEFAULT_EPSILON, delta: number('delta') } : null,
      knobs: definedOnly({
        promptLength: number('length'),
        batchSize: number('batch'),
        steps: number('steps'),
        learningRate: number('lr'),
        clipNorm: number('clip'),
      }),
    },
    ledgerFile: typed(values, 'ledger'),
    backend: readBackend(NAME, typed(values, 'backend')),
  }
}

/** Options of which the name alone means as many as usual. */
const COUNTED: Readonly<Record<string, number>> = { '--canaries': canaries, '--texts': DEFAULT_TEXTS }

function withDefaultCounts(args: readonly string[]): string[] {
  return args.map((word, at) => {
    const usual = Object.hasOwn(COUNTED, word) ? COUNTED[word] : undefined
    return usual !== undefined && (args[at + 1] ?? '--').startsWith('-') ? `${word}=${usual}` : word
  })
}
