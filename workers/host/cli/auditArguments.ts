/** What `softpost audit` is asked for. */
import { parseArgs } from 'node:util'
import { ATTACK_ROWS } from '../../evaluate/attackPlan.ts'
import { CANARY_AUDIT, type CanaryAuditPlan } from '../../evaluate/canaryAudit.ts'
import { LEAST_SHADOWS } from '../../evaluate/membership.ts'
import { defaultDelta } from '../../privacy/plan.ts'
import type { BackendName, TuningRequest } from '../../protocol/tuning.ts'
import type { TypedColumns } from '../inputs.ts'
import { definedOnly, parseOptions, readBackend, readNumber, requireOption, usageError } from './options.ts'

export const NAME = 'audit'
const DEFAULT_SHADOWS = 16
const DEFAULT_EPSILON = 8

const { canaries, guesses, sampleRate, sigma, steps, delta, clipNorm, norm } = CANARY_AUDIT

export const HELP = `Usage: softpost audit [--self-test] [--canaries [M]] [options]
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

With --lira, an attack on prompts of labelled rows: prompts are tuned on random halves of some of them, and the
likelihood ratio attack (Carlini et al. 2022) guesses which rows each prompt saw. Its figures say much about the rows:
keep them on this machine.

  --model DIR           folder of the student model
  --task FILE           the task (docs/formats.md)
  --data FILE           rows with labels: CSV, TSV or JSON lines
    --shadows N         prompts to tune (default ${DEFAULT_SHADOWS}, at least ${LEAST_SHADOWS})
    --rows R            rows to tell apart, drawn by chance (default ${ATTACK_ROWS})
    --epsilon E         privacy budget of each prompt (default ${DEFAULT_EPSILON}); --no-dp for none; --delta as in tune
    --steps T, --batch B, --length P, --lr R, --clip C
                        as in tune, for half as many rows as --rows says
    --text-column NAME, --label-column NAME, --backend NAME
                        as in tune

  --json                the last line of standard output is
                        {"selfTest": {"passed", "checks", "noiseRatio", …}, "canaries": {"epsilonLower", "epsilon", …},
                        "lira": {"auc": {"value", "low", "high"}, "tprAt1", "lnRatio", "roc", "epsilon", …}}
                        with what was done; intervals hold 95 % of what would be seen with other rows and prompts
`

export type LiraArguments = {
  readonly modelDir: string
  readonly taskFile: string
  readonly dataFile: string
  readonly columns: TypedColumns
  readonly shadows: number
  readonly rows: number
  readonly request: TuningRequest
  readonly backend: 'auto' | BackendName
}

export type AuditArguments = {
  readonly selfTest: boolean
  readonly canaries: CanaryAuditPlan | null
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
  lira: flag,
  model: text,
  task: text,
  data: text,
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
const OF_LIRA =
  'model task data shadows rows epsilon no-dp steps delta clip batch length lr text-column label-column backend'.split(
    ' ',
  )
const OF_ALL = ['self-test', 'canaries', 'lira', 'json']

export function readArguments(args: readonly string[]): AuditArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: withDefaultCanaries(args), options: OPTIONS }))
  const wantsLira = values.lira === true
  const wantsCanaries = values.canaries !== undefined
  const wantsSelfTest = values['self-test'] === true
  if (wantsLira && (wantsCanaries || wantsSelfTest)) throw usageError(NAME, '--lira is an audit of its own')
  const isBare = !wantsLira && !wantsCanaries && !wantsSelfTest
  const allowed = new Set<string>([
    ...OF_ALL,
    ...(wantsLira ? OF_LIRA : []),
    ...(wantsCanaries || isBare ? OF_CANARIES : []),
  ])
  for (const name of Object.keys(values)) {
    if (allowed.has(name)) continue
    throw usageError(NAME, `--${name} belongs to ${OF_LIRA.includes(name) && !wantsLira ? '--lira' : '--canaries'}`)
  }
  return {
    selfTest: wantsSelfTest || isBare,
    canaries: wantsCanaries || isBare ? readCanaries(values) : null,
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
  const dp = values['no-dp'] !== true
  if (!dp && (values.epsilon !== undefined || values.delta !== undefined)) {
    throw usageError(NAME, '--no-dp has no --epsilon and no --delta')
  }
  const rows = number('rows') ?? ATTACK_ROWS
  return {
    modelDir: requireOption(NAME, 'model', typed(values, 'model')),
    taskFile: requireOption(NAME, 'task', typed(values, 'task')),
    dataFile: requireOption(NAME, 'data', typed(values, 'data')),
    columns: { text: typed(values, 'text-column'), label: typed(values, 'label-column') },
    shadows: number('shadows') ?? DEFAULT_SHADOWS,
    rows,
    request: {
      budget: dp
        ? { epsilon: number('epsilon') ?? DEFAULT_EPSILON, delta: number('delta') ?? defaultDelta(rows) }
        : null,
      ...definedOnly({
        promptLength: number('length'),
        batchSize: number('batch'),
        steps: number('steps'),
        learningRate: number('lr'),
        clipNorm: number('clip'),
      }),
    },
    backend: readBackend(NAME, typed(values, 'backend')),
  }
}

/** `--canaries` alone means as many as usual. */
function withDefaultCanaries(args: readonly string[]): string[] {
  return args.map((word, at) =>
    word === '--canaries' && (args[at + 1] ?? '--').startsWith('-') ? `--canaries=${canaries}` : word,
  )
}
