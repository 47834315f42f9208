/** A plan's tables as cells: what is measured once, however many tables show it. */
import type { Epsilon, Method, SettingName, Settings, StudyPlan, StudyTable } from './plan.ts'

/** Only what the method depends on is set, so that equal work has equal cells. */
export type Cell = {
  /** Of the plan's tasks; of its texts where the method attacks training data. */
  readonly task: string
  readonly method: Method
  readonly student: string | null
  readonly epsilon: Epsilon
  readonly seed: number
  readonly publicSet: string | null
  readonly settings: Settings
}

/** The part of a cell that its student's (or, for `full`, teacher's) prompt depends on. */
export type PromptKey = Pick<Cell, 'task' | 'student' | 'epsilon' | 'seed'> & {
  readonly settings: Settings
  /** Only where it is tuned on first. */
  readonly publicSet?: string
}

const TUNING: readonly SettingName[] = ['promptLength', 'steps', 'batch', 'lr', 'clip', 'warmSteps']
const TRANSFER: readonly SettingName[] = ['alpha', 'publicTexts', 'transferSteps', 'transferLr', 'init', 'support']
const ATTACK: readonly SettingName[] = ['shadows', 'attackRows']

type Needs = {
  readonly of: 'task' | 'texts'
  readonly student: boolean
  /** Whether private rows are tuned on, with an ε and a seed. */
  readonly tuned: boolean
  readonly publicSet: boolean
  readonly settings: readonly SettingName[]
}

const NOTHING: Needs = { of: 'task', student: false, tuned: false, publicSet: false, settings: [] }
const OF_STUDENT: Needs = { of: 'task', student: true, tuned: true, publicSet: false, settings: TUNING }
const NEEDS: Readonly<Record<Method, Needs>> = {
  'zero-shot': NOTHING,
  'zero-shot-text': { ...NOTHING, settings: ['promptLength'] },
  'student-zero-shot': { ...NOTHING, student: true },
  full: { ...OF_STUDENT, student: false },
  compressed: OF_STUDENT,
  direct: OF_STUDENT,
  arithmetic: OF_STUDENT,
  'zero-shot-transfer': OF_STUDENT,
  post: { ...OF_STUDENT, publicSet: true, settings: [...TUNING, ...TRANSFER] },
  membership: { ...OF_STUDENT, settings: [...TUNING, ...ATTACK] },
  'teacher-leakage': { ...NOTHING, of: 'texts' },
  'student-leakage': { ...NOTHING, of: 'texts', student: true },
}

export function isTuned(method: Method): boolean {
  return NEEDS[method].tuned
}

export function isLeakage(method: Method): method is 'teacher-leakage' | 'student-leakage' {
  return NEEDS[method].of === 'texts'
}

/** In the plan's order; equal cells of a table once. */
export function cellsOf(plan: StudyPlan, table: StudyTable): Cell[] {
  const cells = new Map<string, Cell>()
  const tasks = table.tasks ?? Object.keys(plan.tasks)
  for (const task of [...tasks, ...Object.keys(plan.texts ?? {})]) {
    for (const settings of combinations({ ...plan.settings, ...table.settings }, table.sweep ?? {})) {
      for (const cell of cellsOfSettings(plan, table, { task, settings })) cells.set(cellText(cell), cell)
    }
  }
  return [...cells.values()]
}

/** All cells of the plan, each once, those that share a prompt side by side. */
export function allCells(plan: StudyPlan): Cell[] {
  const cells = new Map<string, Cell>()
  for (const table of plan.tables) for (const cell of cellsOf(plan, table)) cells.set(cellText(cell), cell)
  const groups = Map.groupBy(cells.values(), (cell) => JSON.stringify(promptKey(cell)))
  return [...groups.values()].flat()
}

export function promptKey({ task, method, student, epsilon, seed, publicSet, settings }: Cell): PromptKey | null {
  if (!NEEDS[method].tuned || method === 'membership') return null
  const key = { task, student, epsilon, seed, settings: picked(settings, TUNING) }
  return settings.warmSteps === undefined || publicSet === null ? key : { ...key, publicSet }
}

/** The same for equal cells. */
export function cellText(cell: Cell): string {
  return JSON.stringify(cell)
}

function cellsOfSettings(
  plan: StudyPlan,
  table: StudyTable,
  { task, settings }: { readonly task: string; readonly settings: Settings },
): Cell[] {
  const students = table.students ?? Object.keys(plan.students)
  const ownSets = Object.keys(plan.tasks[task]?.publicSets ?? {})
  const publicSets = table.publicSets?.filter((set) => ownSets.includes(set)) ?? ownSets.slice(0, 1)
  const cells: Cell[] = []
  const methods = table.methods.filter((method) => isLeakage(method) === task in (plan.texts ?? {}))
  for (const method of methods) {
    const needs = NEEDS[method]
    const own = { task, method, settings: picked(settings, needs.settings) }
    for (const student of needs.student ? students : [null]) {
      for (const epsilon of needs.tuned ? (table.epsilons ?? [null]) : [null]) {
        for (const seed of needs.tuned ? (table.seeds ?? [0]) : [0]) {
          const isWarm = needs.tuned && own.settings.warmSteps !== undefined
          for (const publicSet of needs.publicSet || isWarm ? publicSets : [null]) {
            cells.push({ ...own, student, epsilon, seed, publicSet })
          }
        }
      }
    }
  }
  return cells
}

/** In a fixed order, so that equal settings read the same. */
function picked(settings: Settings, names: readonly SettingName[]): Settings {
  return Object.fromEntries(names.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])))
}

function combinations(
  base: Settings,
  sweep: { readonly [Name in SettingName]?: readonly unknown[] | undefined },
): Settings[] {
  let all: Settings[] = [base]
  for (const [name, values = []] of Object.entries(sweep)) {
    all = all.flatMap((settings) => values.map((value): Settings => Object.assign({}, settings, { [name]: value })))
  }
  return all
}
