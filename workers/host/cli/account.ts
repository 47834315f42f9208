/** `softpost account`: ε of runs that are named by their numbers. Reads no rows and loads no model. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { ACCOUNTANT, type Account, accountOf } from '../../privacy/accountant/accountant.ts'
import { epsilonOfGroup } from '../../privacy/accountant/group.ts'
import type { Run } from '../../privacy/accountant/runs.ts'
import { readJsonFile } from '../inputs.ts'
import type { Command } from './command.ts'
import { parseOptions, requireOption, usageError } from './options.ts'
import { forJson, figure, readDelta, readRate, readSigma, readSteps, readWhole } from './privacyNumbers.ts'

const NAME = 'account'

const HELP = `Usage: softpost account --q Q --sigma S --steps T --delta D [options]
       softpost account --runs FILE --delta D [options]

Prints ε of the Poisson-subsampled Gaussian mechanism at δ, never below the truth. Neighbours differ in one unit that is
there or replaced by nothing.

  --q Q          chance of a unit to be in a batch, from 0 to 1
  --sigma S      noise multiplier: standard deviation of the noise over the clip norm
  --steps T      number of steps
  --delta D      between 0 and 1
  --runs FILE    several runs on the same rows, a JSON array of {"q", "sigma", "steps"}, composed
  --group K      also ε for a person who stands in K rows (1 to 64), where rows are the unit
  --json         the last line of standard output is one JSON object: epsilon, epsilonRemove, epsilonAdd (certified,
                 each direction by itself), rdpEpsilon (by Rényi divergences), contourRemove, contourAdd (exact to nine
                 digits, null where out of reach), delta, accountant, and with --group groupEpsilon; what is infinite
                 is the string "Infinity"
`

export const accountCommand: Command = {
  name: NAME,
  summary: 'ε of runs, from σ, q, the number of steps and δ',
  help: HELP,
  run: account,
}

async function account(args: readonly string[]): Promise<number> {
  const typed = await readArguments(args)
  const found = accountOf(typed.runs, typed.delta)
  const groupEpsilon = typed.group === null ? null : groupOf(typed.group, typed)
  const report = {
    ...found,
    ...(groupEpsilon === null ? {} : { groupEpsilon }),
    delta: typed.delta,
    accountant: ACCOUNTANT,
  }
  const words = [
    ...wordsOf(found, typed.delta),
    ...(groupEpsilon === null ? [] : [`for a person in ${typed.group} rows: ε = ${figure(groupEpsilon)}`]),
  ]
  process.stdout.write(typed.json ? `${JSON.stringify(forJson(report))}\n` : `${words.join('\n')}\n`)
  return 0
}

function groupOf(rows: number, { runs, delta }: AccountArguments): number {
  return epsilonOfGroup(
    runs.map((run) => ({ ...run, rows })),
    delta,
  )
}

function wordsOf(found: Account, delta: number): readonly string[] {
  const exact =
    found.contourRemove === null || found.contourAdd === null
      ? 'out of reach'
      : `ε = ${figure(Math.max(found.contourRemove, found.contourAdd))}`
  return [
    `ε = ${figure(found.epsilon)} at δ = ${delta}`,
    `  unit taken away ${figure(found.epsilonRemove)}, unit added ${figure(found.epsilonAdd)}`,
    `  by Rényi divergences at most ${figure(found.rdpEpsilon)}`,
    `  exact value, not a bound: ${exact}`,
  ]
}

type AccountArguments = {
  readonly runs: readonly Run[]
  readonly delta: number
  readonly group: number | null
  readonly json: boolean
}

const text = { type: 'string' } as const
const OPTIONS = {
  q: text,
  sigma: text,
  steps: text,
  delta: text,
  runs: text,
  group: text,
  json: { type: 'boolean' },
} as const

async function readArguments(args: readonly string[]): Promise<AccountArguments> {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const delta = readDelta(NAME, requireOption(NAME, 'delta', values.delta))
  const group = values.group === undefined ? null : readWhole(NAME, 'group', { typed: values.group, from: 1, to: 64 })
  const rest = { delta, group, json: values.json === true }
  if (values.runs === undefined) {
    const sampleRate = readRate(NAME, requireOption(NAME, 'q', values.q))
    const sigma = readSigma(NAME, requireOption(NAME, 'sigma', values.sigma))
    const steps = readSteps(NAME, requireOption(NAME, 'steps', values.steps))
    return { ...rest, runs: [{ sampleRate, sigma, steps }] }
  }
  if (values.q !== undefined || values.sigma !== undefined || values.steps !== undefined) {
    throw usageError(NAME, '--runs names q, σ and steps of each run, so leave out --q, --sigma and --steps')
  }
  return { ...rest, runs: await readRuns(values.runs) }
}

/** More runs than these are a slip. */
const MOST_RUNS = 1_000

const notNegative = z.gte(0)
const RunsFile = z
  .array(
    z.object({
      q: z.number().check(notNegative, z.lte(1)),
      sigma: z.number().check(notNegative),
      steps: z.int().check(notNegative),
    }),
  )
  .check(z.maxLength(MOST_RUNS))

async function readRuns(path: string): Promise<Run[]> {
  const parsed = RunsFile.safeParse(await readJsonFile(path))
  if (parsed.success) return parsed.data.map(({ q, ...run }) => ({ ...run, sampleRate: q }))
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  throw usageError(
    NAME,
    `${path} is not an array of {"q", "sigma", "steps"}${where}: ${issue?.message ?? 'wrong form'}`,
    parsed.error,
  )
}
