/** What `softpost audit` is asked for. */
import { parseArgs } from 'node:util'
import { CANARY_AUDIT, type CanaryAuditPlan } from '../../evaluate/canaryAudit.ts'
import { parseOptions, readNumber, usageError } from './options.ts'

export const NAME = 'audit'

const { canaries, guesses, sampleRate, sigma, steps, delta, clipNorm, norm } = CANARY_AUDIT

export const HELP = `Usage: softpost audit [--self-test] [--canaries [M]] [options]

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
  --json                the last line of standard output is
                        {"selfTest": {"passed", "checks", "noiseRatio", …}, "canaries": {"epsilonLower", "epsilon", …}}
                        with the tests that were done
`

export type AuditArguments = {
  readonly selfTest: boolean
  readonly canaries: CanaryAuditPlan | null
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
  json: flag,
} as const

const OF_CANARIES = ['guesses', 'q', 'sigma', 'steps', 'delta', 'clip', 'norm'] as const

export function readArguments(args: readonly string[]): AuditArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: withDefaultCanaries(args), options: OPTIONS }))
  const names = OF_CANARIES.filter((name) => values[name] !== undefined)
  const onlySelfTest = values['self-test'] === true && values.canaries === undefined
  if (onlySelfTest && names.length > 0) throw usageError(NAME, `--${names[0]} belongs to --canaries`)
  const number = (option: (typeof OF_CANARIES)[number] | 'canaries') => readNumber(NAME, option, values[option])
  return {
    selfTest: values['self-test'] === true || values.canaries === undefined,
    canaries: onlySelfTest
      ? null
      : {
          canaries: number('canaries') ?? canaries,
          guesses: number('guesses') ?? guesses,
          sampleRate: number('q') ?? sampleRate,
          sigma: number('sigma') ?? sigma,
          steps: number('steps') ?? steps,
          delta: number('delta') ?? delta,
          clipNorm: number('clip') ?? clipNorm,
          norm: number('norm') ?? norm,
        },
    json: values.json === true,
  }
}

/** `--canaries` alone means as many as usual. */
function withDefaultCanaries(args: readonly string[]): string[] {
  return args.map((word, at) =>
    word === '--canaries' && (args[at + 1] ?? '--').startsWith('-') ? `--canaries=${canaries}` : word,
  )
}
