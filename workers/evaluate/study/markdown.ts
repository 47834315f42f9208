/** Tables of an evaluation as Markdown. */
import { isTuned } from './cells.ts'
import type { Epsilon, Method, StudyPlan, StudyTable } from './plan.ts'
import type { MadeStudent } from './students.ts'
import type { Spread, SummaryRow } from './summary.ts'

const NAMES: Readonly<Record<Method, string>> = {
  'zero-shot': 'teacher, no prompt',
  'zero-shot-text': 'teacher, untrained text prompt',
  'student-zero-shot': 'student, no prompt',
  full: 'teacher, tuned on private rows',
  compressed: 'student, own prompt',
  direct: "teacher, student's prompt as it is",
  arithmetic: 'teacher, logit arithmetic',
  'zero-shot-transfer': 'teacher, prompt by its place among words',
  post: 'teacher, transferred prompt',
  membership: 'attack on the student’s prompt',
  'teacher-leakage': 'attack on the teacher’s training data',
  'student-leakage': 'the same on a student',
}

type Column<Row = SummaryRow> = { readonly title: string; readonly cell: (row: Row) => string }

export function studyMarkdown(
  plan: StudyPlan,
  tables: readonly (readonly [StudyTable, readonly SummaryRow[]])[],
  students: readonly MadeStudent[],
): string {
  return [
    `# ${plan.title}`,
    ...(students.length === 0 ? [] : ['', '## Students that were made', '', ...grid(STUDENT_COLUMNS, students)]),
    ...tables.flatMap(([table, rows]) => ['', ...tableMarkdown(table, rows)]),
    '',
  ].join('\n')
}

const STUDENT_COLUMNS: readonly Column<MadeStudent>[] = [
  { title: 'student', cell: ({ name }) => name },
  { title: 'layers', cell: ({ recipe }) => recipe.layers.replaceAll(',', ', ') },
  { title: 'weights', cell: ({ recipe }) => (recipe.steps === 0 ? '' : (recipe.weights ?? 'as by default')) },
  { title: 'frozen', cell: ({ recipe }) => (recipe.steps === 0 ? '' : (recipe.freeze ?? 'nothing')) },
  { title: 'steps', cell: ({ recipe, run }) => String(run?.steps ?? recipe.steps) },
  { title: 'tokens', cell: ({ run }) => String(run?.tokens ?? '') },
  { title: 'L_ce, last steps', cell: ({ run }) => run?.teacherLoss?.toFixed(3) ?? '' },
  { title: 'perplexity', cell: ({ run }) => run?.perplexity?.toFixed(1) ?? '' },
  { title: "says the teacher's next token", cell: ({ run }) => run?.agreement?.toFixed(3) ?? '' },
]

function tableMarkdown({ id, title }: StudyTable, rows: readonly SummaryRow[]): string[] {
  if (rows.length === 0) return [`## ${title}`, '', 'Not measured yet.']
  const columns = columnsOf(rows)
  return [`## ${title}`, '', ...grid(columns, rows), '', `![${title}](${id}.svg)`]
}

function grid<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ]
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Those that say something: a column of one value is left out, but for what was measured. */
function columnsOf(rows: readonly SummaryRow[]): Column[] {
  const always: Column[] = [{ title: 'method', cell: ({ method }) => NAMES[method] }]
  const settings = [...new Set(rows.flatMap((row) => Object.keys(row.settings)))]
  const some: Column[] = [
    { title: 'task', cell: ({ task }) => task },
    { title: 'student', cell: ({ student }) => student ?? '' },
    { title: 'public set', cell: ({ publicSet }) => publicSet ?? '' },
    { title: 'ε', cell: ({ epsilon, method }) => (isTuned(method) ? epsilonWords(epsilon) : '') },
    ...settings.map((name): Column => ({
      title: name,
      cell: ({ settings }) => String(Object.entries(settings).find(([key]) => key === name)?.[1] ?? ''),
    })),
    { title: 'runs', cell: ({ runs }) => String(runs) },
    { title: 'rows', cell: ({ n }) => String(n) },
  ]
  const measured: Column[] = [
    { title: 'accuracy', cell: ({ accuracy }) => percent(accuracy) },
    { title: 'macro-F1', cell: ({ macroF1 }) => percent(macroF1) },
    { title: 'exact match', cell: ({ exactMatch }) => percent(exactMatch) },
    { title: 'F1 of words', cell: ({ wordF1 }) => percent(wordF1) },
    { title: 'AUC', cell: ({ auc }) => share(auc) },
    { title: 'found at 1 %', cell: ({ tprAt1 }) => share(tprAt1) },
    { title: 'α used', cell: ({ alpha }) => share(alpha) },
    { title: 'public loss', cell: ({ publicLoss }) => share(publicLoss) },
    { title: 'tuning s', cell: ({ tuneSeconds }) => seconds(tuneSeconds) },
    { title: 'transfer s', cell: ({ transferSeconds }) => seconds(transferSeconds) },
    { title: 'tuning TFLOP', cell: ({ tuneFlops }) => tera(tuneFlops) },
    { title: 'transfer TFLOP', cell: ({ transferFlops }) => tera(transferFlops) },
  ]
  const differs = ({ cell }: Column): boolean => new Set(rows.map(cell).filter((text) => text !== '')).size > 1
  const isThere = ({ cell }: Column): boolean => rows.some((row) => cell(row) !== '')
  return [...always, ...some.filter(differs), ...measured.filter(isThere)]
}

export function epsilonWords(epsilon: Epsilon): string {
  if (epsilon === null) return 'no DP'
  return epsilon === 'clip' ? 'clipping alone (no DP)' : String(epsilon)
}

export function methodName(method: Method): string {
  return NAMES[method]
}

function percent(spread: Spread | null): string {
  if (spread === null) return ''
  const deviation = spread.deviation === null ? '' : ` ± ${(100 * spread.deviation).toFixed(1)}`
  return `${(100 * spread.mean).toFixed(1)}${deviation}`
}

function share(spread: Spread | null): string {
  if (spread === null) return ''
  return `${spread.mean.toFixed(3)}${spread.deviation === null ? '' : ` ± ${spread.deviation.toFixed(3)}`}`
}

/** Empty for what was not counted. */
function tera(flops: number | null): string {
  return flops ? (flops / 1e12).toPrecision(3) : ''
}

function seconds(value: number | null): string {
  return value === null ? '' : value.toFixed(0)
}
