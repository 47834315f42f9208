/** `softpost public-sets`: the public texts that a host's transfers may use. */
import { resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { suggestPublicSet } from '../../protocol/publicSets.ts'
import { PublicSet } from '../../protocol/wire.ts'
import { readHostOptions } from '../config.ts'
import { readDataFile, readJsonFile, readTaskFile } from '../inputs.ts'
import { addPublicSet, PublicSets } from '../store/publicSets.ts'
import type { Command } from './command.ts'
import { parseOptions, requireOption, usageError } from './options.ts'

const NAME = 'public-sets'

const HELP = `Usage: softpost public-sets list    [--public-sets FILE] [--json]
       softpost public-sets add     --id ID --file FILE --name TEXT --licence TEXT --domain TEXT [options]
       softpost public-sets suggest --task FILE [--public-sets FILE] [--json]

Keeps the list of public texts that serve --public-sets reads, and names the one that is nearest to a task by its
template, class names and label words alone.

  --public-sets FILE    the list (default: the one of the samples); add makes it where there is none
  --id ID               small letters, digits, . _ -
  --file FILE           the texts: CSV, TSV, JSON lines or one text a line; a copy is kept beside the list
  --name TEXT           for people, like
  --description TEXT
  --licence TEXT        what allows its use, such as CC-BY-4.0
  --domain TEXT         what the texts are, such as film reviews
  --text-column NAME    column of the texts (default text)
  --label-column NAME   column of the labels, if alpha may be measured by them
  --labels FILE         JSON, {label: [words]}: what the labels mean; a label then stands for the task's class that
                        shares a word with it
  --force               replace a set of the same id
  --json                the last line of standard output is one JSON object
`

export const publicSetsCommand: Command = {
  name: NAME,
  summary: 'list and add public texts for transfers, or find those nearest to a task',
  help: HELP,
  run: publicSets,
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const OPTIONS = {
  'public-sets': text,
  id: text,
  file: text,
  name: text,
  description: text,
  licence: text,
  domain: text,
  'text-column': text,
  'label-column': text,
  labels: text,
  task: text,
  force: flag,
  json: flag,
} as const

type Values = ReturnType<typeof readValues>['values']

function readValues(args: readonly string[]) {
  return parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true }))
}

async function publicSets(args: readonly string[]): Promise<number> {
  const { values, positionals } = readValues(args)
  const [action, ...more] = positionals
  const { publicSetsFile } = readHostOptions({ 'public-sets': values['public-sets'] }, {})
  if (more.length > 0) throw usageError(NAME, 'there are too many words')
  if (action === 'list') return await list(publicSetsFile, values.json === true)
  if (action === 'add') return await add(publicSetsFile, values)
  if (action === 'suggest') return await suggest(publicSetsFile, values)
  throw usageError(NAME, 'say list, add or suggest')
}

async function readSets(listFile: string): Promise<PublicSet[]> {
  const sets = await PublicSets.open(listFile, (_, message) => void process.stderr.write(`${NAME}: ${message}\n`))
  return sets.list()
}

async function list(listFile: string, json: boolean): Promise<number> {
  const sets = await readSets(listFile)
  const words = sets.map(
    ({ id, name, licence, domain, rows, labels }) =>
      `${id}  ${name}: ${domain}; ${rows} texts, ${licence}${labels ? `, labels ${Object.keys(labels).join(', ')}` : ''}\n`,
  )
  process.stdout.write(json ? `${JSON.stringify({ publicSets: sets })}\n` : words.join(''))
  return 0
}

const Labels = z.record(z.string(), z.array(z.string()))

async function add(listFile: string, values: Values): Promise<number> {
  const required = (option: 'id' | 'file' | 'name' | 'licence' | 'domain'): string =>
    requireOption(NAME, option, values[option])
  const file = resolve(required('file'))
  const [textColumn, labelColumn] = [values['text-column'], values['label-column']]
  const { examples, report } = await readDataFile(file, { text: textColumn, label: labelColumn })
  const labels = values.labels === undefined ? undefined : Labels.safeParse(await readJsonFile(values.labels))
  if (labels?.success === false) throw usageError(NAME, `--labels ${values.labels} is not {label: [words]}`)
  const set = PublicSet.safeParse({
    id: required('id'),
    name: required('name'),
    description: values.description ?? required('domain'),
    licence: required('licence'),
    domain: required('domain'),
    rows: examples.length,
    sizeBytes: report.sizeBytes,
    ...(labels === undefined ? {} : { labels: labels.data }),
  })
  if (!set.success) throw usageError(NAME, `--id ${values.id} needs small letters, digits, . _ - only`)
  const columns = { textColumn: report.textColumn, ...(labelColumn === undefined ? {} : { labelColumn }) }
  await addPublicSet(listFile, { set: set.data, columns, file, replace: values.force === true })
  process.stdout.write(
    values.json === true ? `${JSON.stringify(set.data)}\n` : `${set.data.id}: ${set.data.rows} texts, in ${listFile}\n`,
  )
  return 0
}

async function suggest(listFile: string, values: Values): Promise<number> {
  const task = await readTaskFile(requireOption(NAME, 'task', values.task))
  const found = suggestPublicSet(task, await readSets(listFile))
  const words =
    found === null
      ? 'no set shares a word with the task; choose by domain (softpost public-sets list)'
      : `${found.id}, which shares ${found.shared.join(', ')} with the task`
  process.stdout.write(values.json === true ? `${JSON.stringify({ suggestion: found })}\n` : `${words}\n`)
  return 0
}
