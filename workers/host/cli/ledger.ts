/** `softpost ledger`: what is on record about the runs on a file, and the budget file that carries it elsewhere. */
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { Ledger } from '../../privacy/ledger/ledger.ts'
import { parseBudgetFile } from '../../privacy/ledger/merge.ts'
import type { UnitSet } from '../../privacy/ledger/units.ts'
import { cryptoRandom } from '../../privacy/random.ts'
import type { FileBudget, LedgerReport } from '../../protocol/ledger.ts'
import { FileUnits } from '../../tune/units.ts'
import { readDataFile, type TypedColumns } from '../inputs.ts'
import { LedgerFile } from '../ledger/ledgerFile.ts'
import { isMissing, writeFileAtomically } from '../store/atomic.ts'
import type { Command } from './command.ts'
import { parseOptions, requireOption, usageError } from './options.ts'

const NAME = 'ledger'

const HELP = `Usage: softpost ledger --ledger FILE [options]

Shows the runs that tune has recorded in a ledger, file by file, and what each file's rows have spent.
Whether two files share rows is private: keep what is printed here as close as the data.

  --ledger FILE         the ledger (tune keeps it beside the data as .softpost-ledger)
  --data FILE           a data file; needed by --save and --merge
  --save FILE           write the runs on the rows of --data to a budget file (docs/formats.md)
  --merge FILE          add the runs of a budget file, as runs on the rows of --data; nothing known is lowered
  --mend                go on although entries were lost or changed; that stays on record
  --text-column NAME    column of the texts (default text)
  --label-column NAME   column of the labels (default label)
  --group-column NAME   column that says whose row it is, for runs that protect persons
  --json                the last line of standard output is {"intact", "files": [{"name", "budget", "runs"}]}
`

export const ledgerCommand: Command = {
  name: NAME,
  summary: 'show what the runs on a file have spent, save it or merge it',
  help: HELP,
  run: show,
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const OPTIONS = {
  ledger: text,
  data: text,
  save: text,
  merge: text,
  mend: flag,
  'text-column': text,
  'label-column': text,
  'group-column': text,
  json: flag,
} as const

async function show(args: readonly string[]): Promise<number> {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const { data, save, merge, json } = values
  const path = requireOption(NAME, 'ledger', values.ledger)
  if (data === undefined && (save !== undefined || merge !== undefined)) {
    throw usageError(NAME, '--save and --merge need --data: the file that the budget is about')
  }
  // A ledger that a budget file is merged into may be a new one; to look at one that is not there is a slip.
  if (merge === undefined) await requireFile(path)
  const merged = merge === undefined ? null : parseBudgetFile(await readBudget(merge))
  const file = await LedgerFile.open(path)
  try {
    const ledger = new Ledger(file)
    if (values.mend === true) await ledger.mend()
    if (data !== undefined) {
      const columns = {
        text: values['text-column'],
        label: values['label-column'],
        person: values['group-column'],
      }
      const units = await unitsOf(ledger, data, columns)
      if (merged !== null) process.stderr.write(`${NAME}: ${await ledger.restore(merged, units)} runs added\n`)
      if (save !== undefined) {
        const saved = await ledger.save(units, basename(data))
        await writeFileAtomically(save, `${JSON.stringify(saved, null, 2)}\n`)
      }
    }
    const report = await ledger.report()
    process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : inWords(report))
    return 0
  } finally {
    file.close()
  }
}

async function unitsOf(ledger: Ledger, path: string, columns: TypedColumns): Promise<UnitSet> {
  const { examples } = await readDataFile(path, columns)
  // Nothing is dealt here: sides are kept by the next run, not by this set.
  const units = await FileUnits.open(examples, { ledger, share: 0, random: cryptoRandom })
  return { ...units.setOf(examples), sides: null }
}

async function requireFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  throw usageError(NAME, `there is no ledger ${path}`)
}

async function readBudget(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isMissing(error)) throw usageError(NAME, `there is no file ${path}`, error)
    throw error
  }
}

function inWords({ intact, files }: LedgerReport): string {
  const broken = intact ? '' : 'Entries were lost or changed: more may be spent than this says.\n'
  const listed = files.map(({ name, budget, runs }) => {
    const lines = runs.map(({ run, stepsSpent, released }) => {
      const { mechanism } = run
      const what =
        mechanism === null
          ? 'without differential privacy'
          : `ε = ${mechanism.epsilon.toPrecision(4)}, ${stepsSpent} of ${mechanism.steps} steps spent`
      return `  ${new Date(run.at).toISOString()}  ${run.dataName}: ${what}${released ? ', prompt written' : ''}\n`
    })
    return `${name}: ${spentInWords(budget)}\n${lines.join('')}`
  })
  return broken + (listed.length === 0 ? 'No runs are on record.\n' : listed.join(''))
}

function spentInWords({ spent, delta, budget, isDefault, plainReleased }: FileBudget): string {
  const limit = isDefault ? '' : ` of a budget of ${budget}`
  const released = plainReleased ? ', and a prompt without differential privacy, which no figure covers' : ''
  return `ε = ${spent.toPrecision(4)} at δ = ${delta} spent${limit}${released}`
}
