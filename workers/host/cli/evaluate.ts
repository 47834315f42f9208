/** `softpost evaluate`: the tables of an evaluation plan, cell by cell. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { allCells, cellsOf, cellText, promptKey, type Cell } from '../../evaluate/study/cells.ts'
import { studyMarkdown } from '../../evaluate/study/markdown.ts'
import { parsePlan, type StudyPlan } from '../../evaluate/study/plan.ts'
import { runCell } from '../../evaluate/study/runCell.ts'
import { summarise, type SummaryRow } from '../../evaluate/study/summary.ts'
import { tableSvg } from '../../evaluate/study/svg.ts'
import type { MadeStudent } from '../../evaluate/study/students.ts'
import type { CellResult } from '../../evaluate/study/types.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { BackendName } from '../../protocol/tuning.ts'
import { readJsonFile } from '../inputs.ts'
import { openHostEngine } from '../openEngine.ts'
import { writeFileAtomically } from '../store/atomic.ts'
import { CellFiles, hasCells } from '../study/cells.ts'
import { FolderGround } from '../study/ground.ts'
import type { Command } from './command.ts'
import { parseOptions, readBackend, requireOption, usageError } from './options.ts'
import { preparePlanStudents } from './planStudents.ts'
import { duration, progressLine } from './progress.ts'

const NAME = 'evaluate'

const HELP = `Usage: softpost evaluate --plan FILE --out DIR [options]

Measures what a plan (docs/formats.md) asks for: models without a prompt, prompts tuned on the teacher and on students,
transferred prompts and baselines, with and without differential privacy. Data of a plan count as public: exact figures
of them are written down. Writes DIR/cells/*.json, DIR/tables.json, DIR/tables.md and a picture of each table.
Students that the plan says how to make are distilled first, into DIR/students.

  --plan FILE      the plan
  --out DIR        folder for the results
  --resume         go on with what is in DIR; finished cells are not measured again
  --table ID       measure this table's cells alone; may be given several times. All tables show what there is
  --part I/N       the I-th of N parts of the cells, for several processes with one DIR (then --resume to join them)
  --backend NAME   auto, webgpu or wasm (default auto)
  --json           the last line of standard output is {"cells", "measured", "seconds", "out"}
`

export const evaluateCommand: Command = {
  name: NAME,
  summary: "measure a teacher, its students and public sets: the paper's tables",
  help: HELP,
  run: evaluate,
}

async function evaluate(args: readonly string[]): Promise<number> {
  const typed = readArguments(args)
  const plan = parsePlan(await readJsonFile(typed.planFile), typed.planFile)
  if (!typed.resume && typed.part === null && (await hasCells(typed.out))) {
    throw usageError(
      NAME,
      `${typed.out} holds earlier results; add --resume to go on with them, or choose another folder`,
    )
  }
  const started = performance.now()
  const { cells, measured } = await measureAll(typed, plan)
  const seconds = (performance.now() - started) / 1000
  const summary = { cells, measured, seconds, out: typed.out }
  process.stdout.write(
    typed.json
      ? `${JSON.stringify(summary)}\n`
      : `${cells} cells, ${measured} measured now; ${join(typed.out, TABLES)}\n`,
  )
  return 0
}

const TABLES = 'tables.md'

async function measureAll(
  { planFile, out, backend, part, tables }: EvaluateArguments,
  plan: StudyPlan,
): Promise<{ readonly cells: number; readonly measured: number }> {
  const cells = allCells(plan)
  const asked = tables === null ? cells : cellsOfTables(plan, tables, cells)
  const own = part === null ? asked : asked.filter((cell) => partOf(cell, part.of) === part.index - 1)
  const { folders, made } = await preparePlanStudents({
    command: NAME,
    plan,
    planFile,
    out,
    needed: new Set(own.flatMap(({ student }) => student ?? [])),
    backend,
    mayMake: part === null || part.of === 1,
  })
  // After the students: distillation has threads of its own.
  const engine = await openHostEngine({ backend })
  const line = progressLine()
  const pace = new Pace()
  let label = ''
  try {
    const ground = await FolderGround.open({
      engine,
      plan,
      planFile,
      students: folders,
      out,
      onProgress: (what) => line.show(`${label}: ${what}`),
    })
    const files = new CellFiles(out, ground)
    const results = new Map<string, CellResult>()
    for (const cell of cells) {
      const found = await (own.includes(cell) ? files.find(cell) : findOther(files, cell))
      if (found) results.set(cellText(cell), found)
    }
    const open = own.filter((cell) => !results.has(cellText(cell)))
    for (const [index, cell] of open.entries()) {
      label = `evaluate: ${index + 1} of ${open.length}, ${words(cell)}, about ${duration(pace.left(open.slice(index)))} left`
      const began = performance.now()
      const result = await runCell(ground, cell)
      pace.done(cell, (performance.now() - began) / 1000)
      await files.keep(result)
      results.set(cellText(cell), result)
      line.end(`evaluate: ${index + 1} of ${open.length}, ${words(cell)}: ${figure(result)}`)
      await writeTables(out, { plan, results, made })
    }
    if (open.length === 0) await writeTables(out, { plan, results, made })
    return { cells: cells.length, measured: open.length }
  } finally {
    await engine.close()
  }
}

/** A cell that is not to be measured now: its data and models need not be here, and then no result of it is either. */
async function findOther(files: CellFiles, cell: Cell): Promise<CellResult | null> {
  try {
    return await files.find(cell)
  } catch (error) {
    if (error instanceof SoftpostError) return null
    throw error
  }
}

/** In the order of `cells`. Errors: `usage` for a table that the plan does not have. */
function cellsOfTables(plan: StudyPlan, ids: readonly string[], cells: readonly Cell[]): Cell[] {
  const known = plan.tables.map(({ id }) => id)
  const unknown = ids.find((id) => !known.includes(id))
  if (unknown !== undefined) {
    throw usageError(NAME, `--table ${unknown} is no table of the plan; it has ${known.join(', ')}`)
  }
  const chosen = plan.tables.filter(({ id }) => ids.includes(id))
  const texts = new Set(chosen.flatMap((table) => cellsOf(plan, table)).map(cellText))
  return cells.filter((cell) => texts.has(cellText(cell)))
}

/** Cells that share a prompt are one part's, so that none is tuned twice. */
function partOf(cell: Cell, parts: number): number {
  let sum = 0
  for (const character of JSON.stringify(promptKey(cell) ?? cell))
    sum = (31 * sum + (character.codePointAt(0) ?? 0)) % 65_521
  return sum % parts
}

type Written = {
  readonly plan: StudyPlan
  readonly results: ReadonlyMap<string, CellResult>
  readonly made: readonly MadeStudent[]
}

async function writeTables(out: string, { plan, results, made }: Written): Promise<void> {
  await mkdir(out, { recursive: true })
  const tables = plan.tables.map((table) => [table, summarise(plan, table, results)] as const)
  const json = tables.map(([{ id, title }, rows]): { id: string; title: string; rows: readonly SummaryRow[] } => ({
    id,
    title,
    rows,
  }))
  await writeFileAtomically(join(out, 'tables.json'), `${JSON.stringify(json, null, 2)}\n`)
  await writeFileAtomically(join(out, TABLES), studyMarkdown(plan, tables, made))
  if (made.length > 0) await writeFileAtomically(join(out, 'students.json'), `${JSON.stringify(made, null, 2)}\n`)
  for (const [table, rows] of tables) await writeFileAtomically(join(out, `${table.id}.svg`), tableSvg(table, rows))
}

/** Seconds that a method's cells took so far. */
class Pace {
  readonly #seconds = new Map<string, number[]>()

  done({ method }: Cell, seconds: number): void {
    this.#seconds.set(method, [...(this.#seconds.get(method) ?? []), seconds])
  }

  /** Null before anything is known; a method that has not been seen is taken as the mean of the others. */
  left(cells: readonly Cell[]): number | null {
    const all = [...this.#seconds.values()].flat()
    if (all.length === 0) return null
    return cells.reduce((sum, { method }) => sum + meanOf(this.#seconds.get(method) ?? all), 0)
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function words({ task, method, student, epsilon, seed }: Cell): string {
  const budget = epsilon === null ? [] : [`ε ${epsilon}`]
  return [task, method, student, ...budget, `seed ${seed}`].filter((part) => part !== null).join(' ')
}

function figure({ accuracy, texts, attack }: CellResult): string {
  if (texts) return `exact match ${texts.exactMatch.toFixed(3)}, F1 ${texts.f1.toFixed(3)}`
  if (attack) return `AUC ${attack.auc.toFixed(3)}`
  return accuracy === null ? 'measured' : `accuracy ${accuracy.toFixed(3)}`
}

type EvaluateArguments = {
  readonly planFile: string
  readonly out: string
  readonly resume: boolean
  /** Ids; null for all of the plan's. */
  readonly tables: readonly string[] | null
  readonly part: { readonly index: number; readonly of: number } | null
  readonly backend: 'auto' | BackendName
  readonly json: boolean
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const OPTIONS = {
  plan: text,
  out: text,
  resume: flag,
  table: { type: 'string', multiple: true },
  part: text,
  backend: text,
  json: flag,
} as const

function readArguments(args: readonly string[]): EvaluateArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  return {
    planFile: requireOption(NAME, 'plan', values.plan),
    out: requireOption(NAME, 'out', values.out),
    resume: values.resume === true,
    tables: values.table ?? null,
    part: readPart(values.part),
    backend: readBackend(NAME, values.backend),
    json: values.json === true,
  }
}

function readPart(typed: string | undefined): EvaluateArguments['part'] {
  if (typed === undefined) return null
  const [index = Number.NaN, of = Number.NaN] = (/^(\d+)\/(\d+)$/.exec(typed) ?? []).slice(1).map(Number)
  if (index >= 1 && index <= of) return { index, of }
  throw usageError(NAME, `--part ${typed} is not of the form I/N, for example 1/2`)
}
