/** `softpost calibrate`: the noise for a wished ε, or the steps that a given noise leaves. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ACCOUNTANT, epsilonOf } from '../../privacy/accountant/accountant.ts'
import { affordableSteps, calibrateSigma } from '../../privacy/accountant/calibrate.ts'
import type { Command } from './command.ts'
import { parseOptions, requireOption, usageError } from './options.ts'
import { figure, forJson, readDelta, readEpsilon, readRate, readSigma, readSteps } from './privacyNumbers.ts'

const NAME = 'calibrate'

const HELP = `Usage: softpost calibrate --epsilon E --q Q --steps T --delta D [--json]
       softpost calibrate --epsilon E --q Q --sigma S --delta D [--json]

Prints the smallest noise multiplier σ, rounded up, with which T steps stay within ε at δ; with --sigma instead of
--steps, the most steps that do.

  --epsilon E    the wished ε, above 0
  --q Q          chance of a unit to be in a batch, from 0 to 1
  --steps T      number of steps
  --sigma S      noise multiplier: standard deviation of the noise over the clip norm
  --delta D      between 0 and 1
  --json         the last line of standard output is one JSON object: sigma or steps, epsilon (what they come to, by the
                 accountant), delta, accountant. sigma is the string "Infinity" where it would be above 1024, steps
                 where there is no limit below a billion
`

export const calibrateCommand: Command = {
  name: NAME,
  summary: 'σ for a wished ε, or the steps that a σ allows',
  help: HELP,
  run: calibrate,
}

function calibrate(args: readonly string[]): Promise<number> {
  const { json, ...wish } = readArguments(args)
  const { epsilon, delta, sampleRate } = wish
  if (wish.kind === 'sigma') {
    const { steps } = wish
    const sigma = calibrateSigma({ epsilon, delta, sampleRate, steps })
    const reached = sigma === Infinity ? null : epsilonOf({ sigma, sampleRate, steps, delta })
    print(json, { sigma, epsilon: reached, delta }, [
      reached === null ? 'σ would have to be above 1024' : `σ = ${sigma}, with ε = ${figure(reached)} at δ = ${delta}`,
    ])
    return Promise.resolve(0)
  }
  const { sigma } = wish
  const steps = affordableSteps({ epsilon, delta, sampleRate, sigma })
  const reached = steps === Infinity ? null : epsilonOf({ sigma, sampleRate, steps, delta })
  print(json, { steps, epsilon: reached, delta }, [
    reached === null ? 'no limit below a billion steps' : `${steps} steps, with ε = ${figure(reached)} at δ = ${delta}`,
  ])
  return Promise.resolve(0)
}

function print(json: boolean, report: Readonly<Record<string, number | null>>, words: readonly string[]): void {
  const line = json ? JSON.stringify(forJson({ ...report, accountant: ACCOUNTANT })) : words.join('\n')
  process.stdout.write(`${line}\n`)
}

type Wish = {
  readonly epsilon: number
  readonly delta: number
  readonly sampleRate: number
  readonly json: boolean
} & ({ readonly kind: 'sigma'; readonly steps: number } | { readonly kind: 'steps'; readonly sigma: number })

const text = { type: 'string' } as const
const OPTIONS = { epsilon: text, q: text, steps: text, sigma: text, delta: text, json: { type: 'boolean' } } as const

function readArguments(args: readonly string[]): Wish {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const common = {
    epsilon: readEpsilon(NAME, requireOption(NAME, 'epsilon', values.epsilon)),
    delta: readDelta(NAME, requireOption(NAME, 'delta', values.delta)),
    sampleRate: readRate(NAME, requireOption(NAME, 'q', values.q)),
    json: values.json === true,
  }
  if (values.sigma === undefined) {
    return { ...common, kind: 'sigma', steps: readSteps(NAME, requireOption(NAME, 'steps', values.steps)) }
  }
  if (values.steps === undefined) return { ...common, kind: 'steps', sigma: readSigma(NAME, values.sigma) }
  throw usageError(NAME, 'give --steps for the noise, or --sigma for the steps, not both')
}
